package checks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheGlossaryCoversEveryDomainType checks that the name of each exported type of the domain packages contains a
// term of docs/glossary.md, so that a new subject brings its word, its Korean and its source.
func TestTheGlossaryCoversEveryDomainType(t *testing.T) {
	t.Parallel()
	terms := glossary(t)
	types := domainTypes(t)
	if len(terms) < 150 || len(types) < 200 {
		t.Fatalf("%d terms for %d types: the check reads the wrong files", len(terms), len(types))
	}
	for _, name := range types {
		_, bare, _ := strings.Cut(name, ".")
		if !slices.ContainsFunc(phrases(bare), func(p string) bool { return terms[p] }) {
			t.Errorf("%s: no word of its name is in docs/glossary.md", name)
		}
	}
}

// Each term stands once, with its Korean and its source.
func TestTheGlossaryHasEachTermOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range glossaryRows(t) {
		for _, term := range strings.Split(row[0], ",") {
			term = strings.TrimSpace(term)
			if seen[term] {
				t.Errorf("%q stands twice", term)
			}
			seen[term] = true
		}
		if len(row) != 4 || row[1] == "" || row[2] == "" || row[3] == "" {
			t.Errorf("%q has no Korean, meaning or source", row[0])
		}
		if !regexp.MustCompile(`\p{Hangul}`).MatchString(row[1]) {
			t.Errorf("%q has no Korean term: %s", row[0], row[1])
		}
	}
}

// glossaryRows are the rows of the tables of the glossary, without their heads.
func glossaryRows(t *testing.T) (rows [][]string) {
	t.Helper()
	for _, line := range strings.Split(readGlossary(t), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| term ") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

func readGlossary(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// glossary is the set of terms, in lower case and in the singular, what stands in parentheses left out.
func glossary(t *testing.T) map[string]bool {
	t.Helper()
	terms := map[string]bool{}
	add := func(list string) {
		list = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(list, "")
		for _, term := range strings.Split(list, ",") {
			words := strings.Fields(strings.NewReplacer("-", " ", ".", "", "\n", " ", "/", " ").Replace(strings.ToLower(term)))
			for i := range words {
				words[i] = singular(words[i])
			}
			terms[strings.Join(words, " ")] = true
		}
	}
	for _, row := range glossaryRows(t) {
		add(row[0])
	}
	_, words, _ := strings.Cut(readGlossary(t), "## Words of the code")
	_, words, _ = strings.Cut(words, ":")
	add(words)
	return terms
}

// phrases are all runs of words in a type's name: SaleHistoryEntry has "sale", "sale history", "history" and so on.
func phrases(name string) (all []string) {
	// SESEvent is SES and Event: a word begins at a capital that a small letter follows, or at the first of several.
	split := regexp.MustCompile(`([A-Z][a-z0-9]+)`).ReplaceAllString(name, " $1 ")
	words := strings.Fields(split)
	for i := range words {
		words[i] = singular(strings.ToLower(words[i]))
	}
	for i := range words {
		for j := i + 1; j <= len(words); j++ {
			all = append(all, strings.Join(words[i:j], " "))
		}
	}
	return all
}

func singular(word string) string {
	switch {
	case strings.HasSuffix(word, "ss"), strings.HasSuffix(word, "us"), len(word) < 4:
		return word
	case strings.HasSuffix(word, "ies"):
		return strings.TrimSuffix(word, "ies") + "y"
	}
	return strings.TrimSuffix(word, "s")
}

// domainTypes are the exported types below shared, without the platform and without tests, as package.Type.
func domainTypes(t *testing.T) (types []string) {
	t.Helper()
	root := "../../shared"
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "platform":
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, spec := range g.Specs {
					if name := spec.(*ast.TypeSpec).Name; name.IsExported() {
						types = append(types, file.Name.Name+"."+name.Name)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return types
}
