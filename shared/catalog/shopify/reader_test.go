package shopify_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"dangol/shared/catalog/shopify"
)

// all reads a file to its end and writes it down as "handle:first row-last row" and "!row code".
func all(t *testing.T, file io.Reader) []string {
	t.Helper()
	in, err := shopify.NewReader(file, 2)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for {
		g, err := in.Next()
		if errors.Is(err, io.EOF) {
			return seen
		}
		if row, ok := errors.AsType[*shopify.RowError](err); ok {
			seen = append(seen, fmt.Sprintf("!%d %s", row.Row, row.Code))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, fmt.Sprintf("%s:%d-%d", g.Handle, g.Rows[0].Number, g.Rows[len(g.Rows)-1].Number))
	}
}

func TestReaderGroupsRowsByHandle(t *testing.T) {
	t.Parallel()
	const head = "Handle,Title\n"
	for _, tt := range []struct{ name, rows, want string }{
		{"one product", "a,A", "a:2-2"},
		{"nothing", "", ""},
		{"several", "a,A\na,\nb,B", "a:2-3 b:4-4"},
		{"empty rows count and are left out", "a,A\n,\na,\n,\nb,B", "a:2-4 b:6-6"},
		{"a value over several lines is one row", "a,\"x\ny\nz\"\nb,B", "a:2-2 b:3-3"},
		{"rows shorter and longer than the header", "a\nb,B,x,y", "a:2-2 b:3-3"},
		{"spaces around the handle", " a ,A\na,", "a:2-3"},
		{"a quote inside a value", "a,A\nb,B\nb,x\"y\nc,C", "a:2-2 !4 bad_quotes"},
		{"an unreadable row may be the product's above", "a,A\nb,x\"y\nc,C", "!3 bad_quotes"},
		{"a quote that never closes", "a,A\nb,B\nb,\"x\nc,C", "a:2-2 !4 bad_quotes"},
		{"a product of too many rows", "a,A\n" + strings.Repeat("b,B\n", shopify.MaxRows+5) + "c,C",
			fmt.Sprintf("a:2-2 !3 too_many_rows c:%d-%[1]d", shopify.MaxRows+8)},
		{"a row without end", "a,A\nb,B\nb,\"" + strings.Repeat("x", 2*shopify.MaxRecord), "a:2-2 !4 row_too_long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(all(t, strings.NewReader(head+tt.rows)), " "); got != tt.want {
				t.Fatalf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for head, code := range map[string]string{
		"\ufeffHandle,Title":      "",
		"URL handle,Title":        "",
		"handle,TITLE":            "",
		"Handle,Titel":            "missing_column",
		"":                        "empty_file",
		"Handle,\"Title":          "bad_quotes",
		strings.Repeat("x,", 1e6): "row_too_long",
	} {
		_, err := shopify.NewReader(strings.NewReader(head), 2)
		row, _ := errors.AsType[*shopify.RowError](err)
		if row == nil && code != "" || row != nil && row.Code != code {
			t.Errorf("%.20q: %v, want %q", head, err, code)
		}
	}
}

// endless is a file of n rows that is made while it is read.
type endless struct {
	rest strings.Reader
	row  int
	n    int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest.Len() == 0 {
		if e.row == e.n {
			return 0, io.EOF
		}
		row := fmt.Sprintf("p%d,상품 %d,%s\n", e.row/3, e.row, strings.Repeat("본문 ", 50))
		if e.row == 0 {
			row = "Handle,Title,Body (HTML)\n" + row
		}
		e.rest.Reset(row)
		e.row++
	}
	return e.rest.Read(p)
}

func TestALongFileTakesLittleMemory(t *testing.T) {
	in, err := shopify.NewReader(&endless{n: 120_000}, 2)
	if err != nil {
		t.Fatal(err)
	}
	products := 0
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for {
		_, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if products++; products == 39_000 {
			runtime.GC()
			runtime.ReadMemStats(&now)
		}
	}
	if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); products != 40_000 || grown > 4<<20 {
		t.Fatalf("%d products, %d bytes more", products, grown)
	}
}
