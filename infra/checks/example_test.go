package checks

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// maxFiles is how many files a new function may take that are written by hand.
const maxFiles = 8

// TestTheExampleFunctionIsAllThatANewFunctionTakes lays the example of docs/adding-a-function.md over the tree, without
// writing into it, and runs the example's own test: the shop starts with the new function, every kind of caller calls
// its route, and its job comes due.
func TestTheExampleFunctionIsAllThatANewFunctionTakes(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/waitlists.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files) > maxFiles {
		t.Errorf("a function takes %d files, want at most %d", len(archive.Files), maxFiles)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for _, f := range archive.Files {
		path := filepath.Join(t.TempDir(), filepath.Base(f.Name))
		content := f.Data
		if old, err := os.ReadFile(filepath.Join(root, f.Name)); err == nil {
			content = withLines(t, f.Name, string(old), string(f.Data))
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, f.Name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	// vet wants to enter the folder, which exists only in the overlay. The test binary is compiled here and run from the
	// root.
	binary := filepath.Join(t.TempDir(), "waitlists.test")
	run(t, root, "go", "test", "-c", "-vet=off", "-overlay", list, "-o", binary, "./functions/waitlists")
	run(t, root, binary, "-test.run", "TestAccess")
}

// withLines adds lines to a list, each behind the last line that starts as the line "after..." before it says.
func withLines(t *testing.T, name, old, added string) []byte {
	t.Helper()
	lines := strings.Split(old, "\n")
	at := -1
	for line := range strings.Lines(added) {
		line = strings.TrimSuffix(line, "\n")
		prefix, isPlace := strings.CutPrefix(line, "after")
		if !isPlace {
			lines = slices.Insert(lines, at+1, line)
			continue
		}
		at = -1
		for i, other := range lines {
			if strings.HasPrefix(other, prefix) {
				at = i
			}
		}
		if at < 0 {
			t.Fatalf("%s has no line that starts with %q", name, prefix)
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
