package grpcengine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// description is what is known of the target's services.
type description struct {
	files  *protoregistry.Files
	source string // where it comes from, in words
	// all, if set, lists the services; else those of files are all there are.
	all []string
}

// describe finds the method that is called, and the types that its messages
// may hold.
func describe(ctx context.Context, spec *loadgen.GRPC, ask reflector) (method, *dynamicpb.Types, error) {
	service, name, ok := splitMethod(spec.Method)
	if !ok {
		return method{}, nil, &pace.KeyError{
			Key: "grpc.method", What: fmt.Sprintf("%q is not a method", spec.Method), Fix: "write package.Service/Method",
		}
	}
	d, err := describeFrom(ctx, spec, service, ask)
	if err != nil {
		return method{}, nil, err
	}
	found, err := d.find(service, name)
	if err != nil {
		return method{}, nil, err
	}
	return newMethod(found), dynamicpb.NewTypes(d.files), nil
}

func describeFrom(ctx context.Context, spec *loadgen.GRPC, service string, ask reflector) (description, error) {
	switch {
	case spec.Proto != "":
		return compile(ctx, spec.Proto, spec.ImportPaths)
	case spec.Protoset != "":
		return readProtoset(ctx, spec.Protoset)
	default:
		return ask(ctx, service)
	}
}

// compile reads a .proto file. It is looked for, like what it imports, in the
// import paths, and then in its own folder.
func compile(ctx context.Context, file string, imports []string) (description, error) {
	if err := infile.Check(file, infile.MaxProto); err != nil {
		return description{}, &pace.KeyError{Key: "grpc.proto", What: err.Error(), Fix: infile.Advice(err)}
	}
	name, paths := within(file, imports)
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		ImportPaths: paths,
		Accessor: func(path string) (io.ReadCloser, error) {
			text, err := infile.Read(ctx, path, infile.MaxProto)
			if err == nil {
				err = checkNesting(text)
			}
			return io.NopCloser(bytes.NewReader(text)), err
		},
	})}
	files, err := c.Compile(ctx, name)
	if err != nil {
		return description{}, compileFault(err, paths)
	}
	all := &protoregistry.Files{}
	if err := register(all, files[0]); err != nil {
		return description{}, &pace.KeyError{Key: "grpc.proto", What: err.Error(), Fix: "correct it"}
	}
	return description{files: all, source: file}, nil
}

// compileFault names an import that is in none of the paths.
func compileFault(err error, paths []string) error {
	var missing *fs.PathError
	var at reporter.ErrorWithPos
	if !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &at) {
		return &pace.KeyError{Key: "grpc.proto", What: err.Error(), Fix: "correct it"}
	}
	name := missing.Path
	for _, dir := range paths {
		if rel, err := filepath.Rel(dir, missing.Path); err == nil && filepath.IsLocal(rel) {
			name = filepath.ToSlash(rel)
		}
	}
	return &pace.KeyError{
		Key: "grpc.proto", What: fmt.Sprintf("%s: %s, which it imports, is not in %s", at.GetPosition(), name, strings.Join(paths, ", ")),
		Fix: "add the folder that holds " + name + " to import_paths",
	}
}

// within is a file's name as others import it: relative to the import path that
// holds it, or its own folder, which is then one more.
func within(file string, imports []string) (name string, paths []string) {
	for _, dir := range imports {
		rel, err := filepath.Rel(dir, file)
		if err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), imports
		}
	}
	return filepath.Base(file), append(slices.Clip(imports), filepath.Dir(file))
}

func readProtoset(ctx context.Context, file string) (description, error) {
	raw, err := infile.Read(ctx, file, infile.MaxProtoset)
	var set descriptorpb.FileDescriptorSet
	if err == nil {
		if e := proto.Unmarshal(raw, &set); e != nil {
			err = fmt.Errorf("%s is no FileDescriptorSet: %s", file, plain(e))
		}
	}
	var files *protoregistry.Files
	if err == nil {
		err = lacking(file, &set)
	}
	if err == nil {
		files, err = protodesc.NewFiles(&set)
	}
	if err != nil {
		return description{}, &pace.KeyError{
			Key: "grpc.protoset", What: plain(err),
			Fix: "write it with protoc --include_imports --descriptor_set_out",
		}
	}
	return description{files: files, source: file}, nil
}

// lacking names what the files of a set import and the set lacks.
func lacking(name string, set *descriptorpb.FileDescriptorSet) error {
	has := map[string]bool{}
	for _, f := range set.GetFile() {
		has[f.GetName()] = true
	}
	var missing []string
	for _, f := range set.GetFile() {
		for _, dep := range f.GetDependency() {
			if !has[dep] {
				has[dep] = true
				missing = append(missing, fmt.Sprintf("%s (imported by %s)", dep, f.GetName()))
			}
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("%s lacks %s", name, enumerate(missing))
}

// register adds a file and all it imports.
func register(files *protoregistry.Files, f protoreflect.FileDescriptor) error {
	if _, err := files.FindFileByPath(f.Path()); err == nil {
		return nil
	}
	imports := f.Imports()
	for i := range imports.Len() {
		if err := register(files, imports.Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return files.RegisterFile(f)
}

// find finds a method, or says what there is instead.
func (d description) find(service, name string) (protoreflect.MethodDescriptor, error) {
	found, err := d.files.FindDescriptorByName(protoreflect.FullName(service))
	s, ok := found.(protoreflect.ServiceDescriptor)
	if err != nil || !ok {
		return nil, d.unknownService(service)
	}
	if m := s.Methods().ByName(protoreflect.Name(name)); m != nil {
		return m, nil
	}
	var names []string
	for i := range s.Methods().Len() {
		names = append(names, string(s.Methods().Get(i).Name()))
	}
	return nil, &pace.KeyError{
		Key: "grpc.method", What: fmt.Sprintf("service %s has no method %s", service, name),
		Fix: "call one of " + enumerate(names),
	}
}

func (d description) unknownService(service string) error {
	names := d.all
	if names == nil {
		d.files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
			for i := range f.Services().Len() {
				names = append(names, string(f.Services().Get(i).FullName()))
			}
			return true
		})
	}
	slices.Sort(names)
	fix := "describe it elsewhere: there is no service at all"
	if len(names) > 0 {
		fix = "call one of " + enumerate(names)
	}
	return &pace.KeyError{
		Key: "grpc.method", What: fmt.Sprintf("there is no service %s in %s", service, d.source), Fix: fix,
	}
}

// enumerate lists names, to a bound.
func enumerate(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
