package checks

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rules are habits that break the movable clock or the tests.
var rules = []struct {
	pattern *regexp.Regexp
	applies func(path string) bool
	why     string
}{
	{
		regexp.MustCompile(`\btime\.(Now|Since|Until)\(`),
		func(path string) bool {
			return !strings.HasPrefix(path, "shared/platform/clock/") && !isMain(path) && !isTest(path)
		},
		"take time from shared/platform/clock: the movable clock misses this",
	},
	{
		regexp.MustCompile(`\btime\.Sleep\(`), isTest,
		"a test that sleeps is slow or flaky; move the clock or wait on a channel",
	},
	{
		regexp.MustCompile(`\bt\.Skip`), isTest,
		"a skipped test says nothing",
	},
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }

// isMain reports whether the file belongs to a command, where the outside is wired up.
func isMain(path string) bool {
	main, err := filepath.Glob(filepath.Join("../..", filepath.Dir(path), "main.go"))
	return err == nil && len(main) > 0
}

func TestSourcesKeepTheHouseRules(t *testing.T) {
	t.Parallel()
	eachSource(t, func(path string, number int, line string) {
		for _, r := range rules {
			if r.applies(path) && r.pattern.MatchString(line) && !strings.Contains(path, "infra/checks/") {
				t.Errorf("%s:%d: %s", path, number, r.why)
			}
		}
	})
}

// most lines a source file may have; past that it has two subjects.
const most = 450

func TestFilesStaySmall(t *testing.T) {
	t.Parallel()
	lines := map[string]int{}
	eachSource(t, func(path string, number int, _ string) { lines[path] = number })
	for path, n := range lines {
		if n > most && !isTest(path) {
			t.Errorf("%s has %d lines; split it by subject", path, n)
		}
	}
}

func eachSource(t *testing.T, each func(path string, number int, line string)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		return readLines(path, each)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readLines(path string, each func(path string, number int, line string)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	relative := strings.TrimPrefix(filepath.ToSlash(path), "../../")
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for number := 1; scanner.Scan(); number++ {
		each(relative, number, scanner.Text())
	}
	return scanner.Err()
}
