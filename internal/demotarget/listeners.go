package demotarget

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listeners are open before anything is built over them, so that the addresses
// are known.
type listeners struct{ http, grpc, store, policy net.Listener }

func listenAll(o options) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.http, err = listen("http", o.http); err != nil {
		return l, err
	}
	if l.grpc, err = listen("grpc", o.grpc); err != nil {
		return l, err
	}
	if l.store, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return l, fmt.Errorf("listen for the store: %w", err)
	}
	if l.policy, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return l, fmt.Errorf("listen for the policy service: %w", err)
	}
	return l, nil
}

func listen(flag, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--%s %s: the address is in use; stop what listens there, or write --%s 127.0.0.1:0 for a free port", flag, addr, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s %s: cannot listen: %w", flag, addr, err)
	}
	return l, nil
}

func (l listeners) addresses() Addresses {
	return Addresses{
		HTTP:   l.http.Addr().String(),
		GRPC:   l.grpc.Addr().String(),
		Store:  l.store.Addr().String(),
		Policy: l.policy.Addr().String(),
	}
}

func (l listeners) close() {
	for _, one := range []net.Listener{l.http, l.grpc, l.store, l.policy} {
		if one != nil {
			_ = one.Close()
		}
	}
}
