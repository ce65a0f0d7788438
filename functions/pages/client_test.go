package pages_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheClientLosesNoMessage runs testdata/client_test.mjs: the client of the pages against a server that loses frames
// and answers, refuses for a time, and refuses for good.
func TestTheClientLosesNoMessage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	// Node takes a file for a module by its name.
	for name, from := range map[string]string{
		"client.mjs": "../../console/chat/client.js", "client_test.mjs": "testdata/client_test.mjs",
	} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "node", "--test",
		filepath.Join(folder, "client_test.mjs")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
