package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

func TestTheCommittedCodeIsWhatTheProtoFileGenerates(t *testing.T) {
	generated, err := generate(t.Context(), root, []string{"authv1/auth.proto", "policyv1/policy.proto"})
	require.NoError(t, err)
	require.Len(t, generated, 4, "a file of messages and one of the service for each")
	for name, want := range generated {
		got, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is stale: run go generate in its folder", name)
	}
}

func TestAFaultInAProtoFileNamesItsPlace(t *testing.T) {
	dir := t.TempDir()
	faulty := "syntax = \"proto3\";\nmessage M { Missing m = 1; }\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faulty.proto"), []byte(faulty), 0o600))
	_, err := generate(t.Context(), dir, []string{"faulty.proto"})
	require.ErrorContains(t, err, "faulty.proto:2:13")
	require.ErrorContains(t, err, "Missing")
}
