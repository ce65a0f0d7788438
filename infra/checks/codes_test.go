package checks

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// kind is what a stable code belongs to.
type kind string

const (
	ofProblem kind = "problem"
	ofField   kind = "field"
	ofCart    kind = "cart problem"
	ofRow     kind = "row"
)

// carriers are the types whose field Code holds a stable code.
var carriers = map[string]kind{
	"dangol/shared/platform/problem.Problem": ofProblem,
	"dangol/shared/platform/problem.Field":   ofField,
	"dangol/shared/cart.Problem":             ofCart,
	"dangol/shared/catalog/shopify.RowError": ofRow,
}

// use is one place in the source where a code is given out.
type use struct{ status, where string }

// sink is a function that puts one of its arguments into a carrier's Code: problem.Conflict, say, or a helper around
// it.
type sink struct {
	kind      kind
	argument  int
	status    string // of the problem, when the function decides it
	statusArg int    // else the argument that does, -1 for none
}

// reader collects codes from syntax trees. It knows names and not types: a method is found by its name in its own
// package.
type reader struct {
	set   *token.FileSet
	sinks map[string]sink // by import path and name
	codes map[kind]map[string][]use
	again bool
}

// function is the function that the reader is in, with its parameters by name.
type function struct {
	name   string
	params map[string]int
}

// file is a source file with what its imports are called.
type file struct {
	*ast.File
	pkg     string
	imports map[string]string
}

// codesInSource finds every code literal in the functions of the topology and in what they share.
func codesInSource(t *testing.T) map[kind]map[string][]use {
	t.Helper()
	r := &reader{set: token.NewFileSet(), sinks: map[string]sink{}}
	var files []file
	for _, p := range list(t, "-deps", "./infra/topology") {
		if !strings.HasPrefix(p.ImportPath, "dangol/shared/") && !strings.HasPrefix(p.ImportPath, "dangol/functions/") {
			continue
		}
		for _, name := range p.GoFiles {
			parsed, err := parser.ParseFile(r.set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file{parsed, p.ImportPath, importsOf(parsed)})
		}
	}
	// A helper may be read before the helper it calls, so it is read until nothing is learned any more.
	for r.again = true; r.again; {
		r.again = false
		r.codes = map[kind]map[string][]use{ofProblem: {}, ofField: {}, ofCart: {}, ofRow: {}}
		for _, f := range files {
			r.file(f)
		}
	}
	if len(r.codes[ofProblem]) < 10 || len(r.codes[ofField]) < 5 {
		t.Fatalf("found %d problem codes and %d field codes: this test no longer understands the source",
			len(r.codes[ofProblem]), len(r.codes[ofField]))
	}
	return r.codes
}

func importsOf(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, i := range f.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(imported)
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = imported
	}
	return names
}

func (r *reader) file(f file) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			r.walk(f, d, function{f.pkg + "." + d.Name.Name, paramsOf(d.Type)})
		case *ast.GenDecl:
			r.walk(f, d, function{})
			r.table(f, d)
		}
	}
}

// table reads Huma's messages, which package api maps to codes in a table of its own.
func (r *reader) table(f file, d *ast.GenDecl) {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || f.pkg != "dangol/shared/platform/api" || v.Names[0].Name != "codes" {
			continue
		}
		for _, row := range v.Values[0].(*ast.CompositeLit).Elts {
			r.found(ofField, "", row.(*ast.CompositeLit).Elts[1], function{})
		}
	}
}

func paramsOf(f *ast.FuncType) map[string]int {
	params := map[string]int{}
	for _, field := range f.Params.List {
		for _, name := range field.Names {
			params[name.Name] = len(params)
		}
	}
	return params
}

// walk reads what is below n, which belongs to the function in.
func (r *reader) walk(f file, n ast.Node, in function) {
	ast.Inspect(n, func(below ast.Node) bool {
		switch below := below.(type) {
		case *ast.AssignStmt:
			if literal, ok := below.Rhs[0].(*ast.FuncLit); ok {
				name, _ := below.Lhs[0].(*ast.Ident)
				if name != nil {
					r.walk(f, literal.Body, function{f.pkg + "." + name.Name, paramsOf(literal.Type)})
					return false
				}
			}
		case *ast.CompositeLit:
			r.carrier(f, below, in)
		case *ast.CallExpr:
			r.call(f, below, in)
		}
		return true
	})
}

func (r *reader) carrier(f file, c *ast.CompositeLit, in function) {
	k, ok := carriers[f.nameOf(c.Type)]
	if !ok {
		return
	}
	for _, e := range c.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Code" {
			r.found(k, "", pair.Value, in)
		}
	}
}

func (r *reader) call(f file, c *ast.CallExpr, in function) {
	s, ok := r.sinks[f.nameOf(c.Fun)]
	if method, is := c.Fun.(*ast.SelectorExpr); !ok && is && len(c.Args) > 2 {
		// a method of problem.Fields, which rules embed: nothing else of its name takes so many arguments
		if name := method.Sel.Name; name == "Add" || name == "Require" {
			s, ok = r.sinks["dangol/shared/platform/problem."+name]
		}
	}
	if !ok || s.argument >= len(c.Args) {
		return
	}
	status := s.status
	if s.statusArg >= 0 {
		status = statusOf(c.Args[s.statusArg])
	}
	r.found(s.kind, status, c.Args[s.argument], in)
}

// found notes a code that is written out, and makes a function that passes its parameter on a sink. Other expressions
// hand on a code that was written out elsewhere.
func (r *reader) found(k kind, status string, code ast.Expr, in function) {
	switch code := code.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(code.Value); err == nil {
			at := r.set.Position(code.Pos())
			r.codes[k][text] = append(r.codes[k][text], use{status, fmt.Sprintf("%s:%d", at.Filename, at.Line)})
		}
	case *ast.Ident:
		argument, ok := in.params[code.Name]
		if _, known := r.sinks[in.name]; !ok || known {
			return
		}
		s := sink{kind: k, argument: argument, status: status, statusArg: -1}
		if at, ok := in.params["status"]; ok && status == "" {
			s.statusArg = at
		}
		r.sinks[in.name], r.again = s, true
	}
}

// nameOf is the import path and name of a type or function; of a method, that of its name in the file's own package.
func (f file) nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return f.pkg + "." + e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && f.imports[x.Name] != "" {
			return f.imports[x.Name] + "." + e.Sel.Name
		}
		return f.pkg + "." + e.Sel.Name
	}
	return ""
}

// statusOf reads 422 or http.StatusUnprocessableEntity; "" for what is not written out.
func statusOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Value
	case *ast.SelectorExpr:
		for code := 400; code < 600; code++ {
			if name := http.StatusText(code); name != "" && e.Sel.Name == "Status"+strings.ReplaceAll(name, " ", "") {
				return strconv.Itoa(code)
			}
		}
	}
	return ""
}
