package checks

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath, Name, Doc, Dir string
	Imports, Deps              []string
	GoFiles, TestGoFiles       []string
	XTestGoFiles               []string
	TestImports, XTestImports  []string
}

// list asks the go command about packages of this module, built as for Lambda.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list",
		"-json=ImportPath,Name,Doc,Dir,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles,TestImports,XTestImports",
		"-tags", "lambda.norpc"}, args...)...)
	cmd.Dir, cmd.Stderr = "../..", os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for decoder := json.NewDecoder(out); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		path := strings.TrimPrefix(p.ImportPath, "dangol/")
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, "dangol/")
			if !ours && isOurs(to) {
				continue // a package of the standard library or of another module
			}
			if why := forbidden(path, to); why != "" {
				t.Errorf("%s imports %s: %s", path, imported, why)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if to := strings.TrimPrefix(imported, "dangol/"); strangers(path, to) {
				t.Errorf("a test of %s imports %s: what goes through several functions is tested in infra/local/runner", path, to)
			}
		}
	}
}

// strangers reports whether two packages belong to two functions.
func strangers(a, b string) bool {
	part, function := split(a)
	other, otherFunction := split(b)
	return part == "functions" && other == "functions" && function != otherFunction
}

// forbidden says why one package may not import another, "" when it may.
func forbidden(from, to string) string {
	part, _ := split(from)
	toPart, _ := split(to)
	switch {
	case strangers(from, to):
		return "functions do not know each other; what two need belongs into shared"
	case part == "functions" && toPart == "infra":
		return "a function does not know where it runs"
	case part == "shared" && toPart == "functions":
		return "shared does not know who uses it"
	case part == "shared" && toPart == "infra":
		return "shared does not know where it runs"
	case strings.HasPrefix(from, platform) && isOurs(to) && !strings.HasPrefix(to, platform):
		return "platform is independent of the shop; it may import platform packages only"
	case isOurs(to) && last(from) == last(to):
		return "a package does not import one of its own name: functions are plural, domains singular"
	case strings.HasPrefix(to, testkit) && !strings.HasPrefix(from, testkit) && !strings.HasPrefix(from, "infra/bench"):
		return "the testkit is for tests and benchmarks"
	case part == "events" && (toPart == "functions" || toPart == "infra"):
		return "events are a contract and depend on nobody"
	case part != "infra" && strings.HasPrefix(to, "github.com/aws/aws-cdk-go"):
		return "the CDK belongs to infra: it would take minutes to compile into a function"
	case to == "github.com/aws/aws-sdk-go-v2/config" && part != "infra":
		return "it links the SDK's sign-in clients into every function; use boot.Env.AWS"
	}
	return ""
}

const (
	platform = "shared/platform/"
	testkit  = "infra/testkit/"
)

// isOurs reports whether the path is of a package of this module, without the module's name.
func isOurs(path string) bool {
	part, _ := split(path)
	return slices.Contains([]string{"events", "functions", "infra", "shared", "docs", "console"}, part)
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

func split(path string) (part, name string) {
	part, rest, _ := strings.Cut(path, "/")
	name, _, _ = strings.Cut(rest, "/")
	return part, name
}

// heavy packages turn the linker's dead-code elimination off, because they call methods by name.
var heavy = []string{"text/template", "html/template", "net/rpc"}

// writers are the functions that write mails; no route of the API is theirs, so nobody waits for their start.
var writers = []string{"mailer", "account-messages"}

func TestOnlyFunctionsThatWriteMailsLinkTemplates(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./functions/...") {
		_, name := split(strings.TrimPrefix(p.ImportPath, "dangol/"))
		if p.Name != "main" || slices.Contains(writers, name) || !strings.HasSuffix(p.ImportPath, "/bootstrap") {
			continue
		}
		for _, dep := range p.Deps {
			for _, h := range heavy {
				if dep == h {
					t.Errorf("%s links %s, which grows every binary by a third", p.ImportPath, h)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) > 0 && len(strings.Fields(p.Doc)) < 4 {
			t.Errorf("%s has no package doc, or one that says nothing: %q", p.ImportPath, p.Doc)
		}
	}
}

func TestEveryFunctionIsWhole(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./functions/...") {
		_, name := split(strings.TrimPrefix(p.ImportPath, "dangol/"))
		if p.ImportPath != "dangol/functions/"+name {
			continue
		}
		if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
			t.Errorf("function %s has no tests", name)
		}
		if _, err := os.Stat(filepath.Join(p.Dir, "bootstrap", "main.go")); err != nil {
			t.Errorf("function %s has no bootstrap", name)
		}
		// relay touches no table
		if _, err := os.Stat(filepath.Join(p.Dir, "access_test.go")); err != nil && name != "relay" {
			t.Errorf("function %s has no access_test.go that holds it against its Spec (system.Check)", name)
		}
		samples, err := filepath.Glob(filepath.Join("../../events/samples", name, "*.json"))
		if err != nil || len(samples) == 0 {
			t.Errorf("function %s has no sample invocation under events/samples/%s", name, name)
		}
	}
}
