package conversation_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"unicode"

	"dangol/shared/conversation"
)

// declared are the codes that text.go declares: those of notices, and those of all texts.
func declared(t *testing.T) (notices, texts []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "text.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	literal := func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(e.Value); err == nil {
				return text
			}
		case *ast.CallExpr: // string(HandedOver)
			if name, ok := e.Args[0].(*ast.Ident); ok {
				return values[name.Name]
			}
		}
		return ""
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "NoticeCode" {
			values[spec.Names[0].Name] = literal(spec.Values[0])
			notices = append(notices, literal(spec.Values[0]))
		}
		if spec.Names[0].Name == "texts" {
			for _, pair := range spec.Values[0].(*ast.CompositeLit).Elts {
				texts = append(texts, literal(pair.(*ast.KeyValueExpr).Key))
			}
		}
		return true
	})
	return notices, texts
}

// A text that is added in one language only, or with a placeholder that the other one lacks, fails here.
func TestEveryTextIsInBothLanguages(t *testing.T) {
	t.Parallel()
	notices, texts := declared(t)
	if len(notices) < 12 || len(texts) < 50 {
		t.Fatalf("found %d notices and %d texts: this test no longer understands text.go", len(notices), len(texts))
	}
	for _, code := range notices {
		if !slices.Contains(texts, code) {
			t.Errorf("the notice %s has no text", code)
		}
	}
	placeholder := regexp.MustCompile(`\{[a-z.A-Z]+\}`)
	for _, code := range texts {
		ko, en := conversation.Say(code, "ko"), conversation.Say(code, "en")
		if !hangul(ko) || hangul(en) || en == "" {
			t.Errorf("%s: ko %q, en %q", code, ko, en)
		}
		inKo, inEn := placeholder.FindAllString(ko, -1), placeholder.FindAllString(en, -1)
		slices.Sort(inKo)
		slices.Sort(inEn)
		if !slices.Equal(inKo, inEn) {
			t.Errorf("%s: placeholders %v and %v", code, inKo, inEn)
		}
	}
	for _, code := range notices {
		n := conversation.Notice{Code: conversation.NoticeCode(code), At: monday}
		if placeholder.MatchString(n.Text(team(), "ko", "지은")) &&
			placeholder.MatchString(conversation.Notice{Code: n.Code}.Text(team(), "ko", "지은")) {
			t.Errorf("%s is left with a placeholder", code)
		}
	}
}

func hangul(text string) bool {
	for _, r := range text {
		if unicode.Is(unicode.Hangul, r) {
			return true
		}
	}
	return false
}
