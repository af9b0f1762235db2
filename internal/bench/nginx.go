package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// nginxConf answers every request with a few bytes, over connections that last.
const nginxConf = `daemon off; worker_processes 1; pid %[1]s/nginx.pid; error_log %[1]s/nginx.log;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000;
	server { listen %[2]s; location / { return 200 "hello\n"; } } }
`

// startNginx starts nginx as the target: with one processor it answers more
// requests than a server of net/http, so that the generator is what is measured.
func startNginx(ctx context.Context, dir string) (*child, error) {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		return nil, fmt.Errorf("nginx is missing (apt-get install nginx-light): %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, address), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := pinned(ctx, targetCPU, bin, "-e", filepath.Join(dir, "nginx.log"), "-c", conf)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	c := &child{cmd: cmd, address: address, out: bufio.NewReader(strings.NewReader("")), cancel: cancel}
	for range 200 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return c, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.stop()
	return nil, fmt.Errorf("nginx does not listen on %s", address)
}

// wrkRate matches what wrk prints of its requests.
var wrkRate = regexp.MustCompile(`(\d+) requests in`)

// wrk attacks as fast as it can: the limit of what one processor can do here.
func (b *bed) wrk(ctx context.Context, connections int, d time.Duration) (figures, error) {
	bin, err := exec.LookPath("wrk")
	if err != nil {
		return figures{}, fmt.Errorf("wrk is missing (apt-get install wrk): %w", err)
	}
	cmd, err := pinned(ctx, generatorCPU, bin, "-t1", fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%ds", int(d.Seconds())), "http://"+b.target.address+"/")
	if err != nil {
		return figures{}, err
	}
	u, err := run(cmd)
	if err != nil {
		return figures{}, fmt.Errorf("wrk: %w: %s", err, u.out)
	}
	m := wrkRate.FindSubmatch(u.out)
	if m == nil {
		return figures{}, fmt.Errorf("wrk printed no number of requests: %s", u.out)
	}
	n, err := strconv.ParseUint(string(m[1]), 10, 64)
	return figures{float64(n) / d.Seconds(), u.cpu / time.Duration(max(1, n))}, err
}
