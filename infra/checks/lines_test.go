package checks

import (
	"go/scanner"
	"go/token"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// longest is how many columns a line of Go may have; a tab counts as one.
const longest = 120

func TestLinesFitTheScreen(t *testing.T) {
	t.Parallel()
	var path string
	var raw map[int]bool
	eachSource(t, func(file string, number int, line string) {
		if utf8.RuneCountInString(line) <= longest {
			return
		}
		if file != path {
			path, raw = file, rawLines(t, file)
		}
		if !raw[number] {
			t.Errorf("%s:%d: %d columns, at most %d", file, number, utf8.RuneCountInString(line), longest)
		}
	})
}

// rawLines are the lines of a file with a raw string: tags of structs and texts that cannot be broken. Generated files
// are raw as a whole.
func rawLines(t *testing.T, path string) map[int]bool {
	t.Helper()
	source, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	raw := map[int]bool{}
	generated := strings.Contains(string(source[:min(len(source), 300)]), "DO NOT EDIT")
	file := token.NewFileSet().AddFile(path, -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		if kind == token.STRING && text[0] == '`' {
			for n := range strings.Count(text, "\n") + 1 {
				raw[file.Line(pos)+n] = true
			}
		}
	}
	if generated {
		for n := range file.LineCount() {
			raw[n+1] = true
		}
	}
	return raw
}
