package enginetest_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"dangol/infra/testkit/enginetest"
)

const childMark = "ENGINETEST_CHILD"

func TestOneEngineServesAllTestsOfAProcess(t *testing.T) {
	t.Parallel()
	if a, b := enginetest.Endpoint(t), enginetest.Endpoint(t); a != b {
		t.Errorf("two engines: %s, %s", a, b)
	}
}

// The test runs itself as a child that starts an engine and then waits; the child is killed, so no clean-up code runs.
func TestEngineEndsWithTheTestProcessEvenWhenThatIsKilled(t *testing.T) {
	if os.Getenv(childMark) != "" {
		fmt.Println("endpoint", enginetest.Endpoint(t))
		select {}
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), childMark+"=1", "DYNAMODB_ENDPOINT=")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	endpoint := readEndpoint(t, out)
	conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = child.Process.Kill()
	_ = child.Wait()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the engine still talks")
	}
	if res, err := http.Get(endpoint); err == nil {
		res.Body.Close()
		t.Error("the engine outlived its test process")
	}
}

func readEndpoint(t *testing.T, out interface{ Read([]byte) (int, error) }) string {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if endpoint, ok := strings.CutPrefix(lines.Text(), "endpoint "); ok {
			return endpoint
		}
	}
	t.Fatal("the child printed no endpoint")
	return ""
}
