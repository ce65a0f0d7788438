package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Two shops on one folder would each deliver every event and mail. The second one says who is there; a shop that was
// killed leaves nothing behind that keeps the next one out.
func TestASecondShopOnADataFolderIsRefused(t *testing.T) {
	t.Parallel()
	p := &process{t: t, data: t.TempDir()}
	p.start()
	defer func() { p.kill() }()
	second := exec.Command(os.Args[0], "-port", "0", "-data", p.data, "-empty=true")
	second.Env = append(os.Environ(), asProcess+"=1")
	var said bytes.Buffer
	second.Stderr = &said
	if err := second.Run(); err == nil {
		t.Error("a second shop ran on the folder")
	}
	want := fmt.Sprintf("process %d runs a shop on %s", p.cmd.Process.Pid, p.data)
	if !strings.Contains(said.String(), want) || !strings.Contains(said.String(), "DATA=") {
		t.Errorf("it said %q, want %q", said.String(), want)
	}
	p.kill()
	p.start()
}

// The first Ctrl-C lets work at hand end and says so; the second one does not wait for it.
func TestASecondInterruptStopsAtOnce(t *testing.T) {
	t.Parallel()
	said, says := io.Pipe()
	p := &process{t: t, data: t.TempDir(), errors: says}
	p.start()
	defer func() { p.kill() }()
	// A request whose body does not come keeps the shop from stopping for some seconds.
	connection, err := net.Dial("tcp", strings.TrimPrefix(p.address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection,
		"POST /dev/clock HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
	// The shop asks for the body, so the request is at hand.
	if line, err := bufio.NewReader(connection).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatal(line, err)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C again stops at once") {
		continue
	}
	go io.Copy(io.Discard, said)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	if ended := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ended.Signaled() || ended.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", p.cmd.ProcessState)
	}
	p.errors = nil
	p.start()
}
