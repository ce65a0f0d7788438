package checks

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// sections are the parts of docs/problems.md that list other codes than those of problems, by heading.
var sections = map[string]kind{
	"Codes of fields": ofField, "What blocks a cart": ofCart, "Rows of a file": ofRow,
}

var tableRow = regexp.MustCompile("^\\| `([a-z0-9_]+)` \\|([^|]*)\\|")

// listed is what docs/problems.md says: the statuses of each code, by kind.
func listed(t *testing.T) map[kind]map[string][]string {
	t.Helper()
	out := map[kind]map[string][]string{ofProblem: {}, ofField: {}, ofCart: {}, ofRow: {}}
	section := ofProblem
	for line := range strings.SplitSeq(read(t, "../../docs/problems.md"), "\n") {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = ofProblem
			if k, other := sections[heading]; other {
				section = k
			}
		}
		row := tableRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		if _, twice := out[section][row[1]]; twice {
			t.Errorf("docs/problems.md lists the %s code %s twice", section, row[1])
		}
		out[section][row[1]] = strings.FieldsFunc(row[2], func(r rune) bool { return !unicode.IsDigit(r) })
	}
	return out
}

func TestProblemsPageListsEveryCodeAndNoOther(t *testing.T) {
	t.Parallel()
	page, source := listed(t), codesInSource(t)
	for k, codes := range source {
		for code, uses := range codes {
			_, ok := page[k][code]
			if _, field := page[ofField][code]; !ok && !(k == ofRow && field) {
				t.Errorf("docs/problems.md does not list the %s code %s of %s", k, code, uses[0].where)
			}
		}
	}
	for k, codes := range page {
		for code := range codes {
			if len(source[k][code]) == 0 {
				t.Errorf("docs/problems.md lists the %s code %s, which nothing returns", k, code)
			}
		}
	}
}

func TestProblemsPageHasTheStatusesOfTheSource(t *testing.T) {
	t.Parallel()
	page := listed(t)
	for code, uses := range codesInSource(t)[ofProblem] {
		want, open := map[string]bool{}, false
		for _, u := range uses {
			if u.status == "" {
				open = true // the status is passed in: the page may name more
				continue
			}
			want[u.status] = true
		}
		got := slices.Sorted(slices.Values(page[ofProblem][code]))
		for _, status := range slices.Sorted(maps.Keys(want)) {
			if !slices.Contains(got, status) {
				t.Errorf("docs/problems.md gives %s the status %v, the source has %s", code, got, status)
			}
		}
		if !open && len(got) > len(want) {
			t.Errorf("docs/problems.md gives %s the status %v, the source only %v", code, got, slices.Sorted(maps.Keys(want)))
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
)

func TestLinksInTheDocumentationLeadSomewhere(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, pattern := range []string{"../../README*.md", "../../docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 4 {
		t.Fatalf("only %v found", pages)
	}
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, page), ""), -1) {
			if why := broken(t, page, m[1]); why != "" {
				t.Errorf("%s links to %s: %s", strings.TrimPrefix(page, "../../"), m[1], why)
			}
		}
	}
}

// broken says why a link on a page leads nowhere; "" when it does not, or leads out of the repository.
func broken(t *testing.T, page, target string) string {
	t.Helper()
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	path, anchor, _ := strings.Cut(target, "#")
	file := page
	if path != "" {
		file = filepath.Join(filepath.Dir(page), path)
	}
	if _, err := os.Stat(file); err != nil {
		return "there is no such file"
	}
	if anchor == "" || !strings.HasSuffix(file, ".md") {
		return ""
	}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(read(t, file), ""), -1) {
		if anchorOf(m[1]) == anchor {
			return ""
		}
	}
	return "there is no such heading"
}

// anchorOf is the anchor that GitHub gives a heading: lower case, hyphens for spaces, no punctuation.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, heading)
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
