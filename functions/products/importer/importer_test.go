package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"

	"dangol/shared/catalog/shopify"
)

// server is an API that reads what it is sent and counts products.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	bodies   []string
	queries  []string
	products map[string]int // how often each handle came
	refuse   func(n int) int
	calls    int
	largest  int
}

func newServer(t testing.TB) *server {
	s := &server{products: map[string]int{}, refuse: func(int) int { return 0 }}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/dev/token" {
		fmt.Fprint(w, `{"access_token":"dev"}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	status := s.refuse(s.calls)
	if status > 0 && status < 1000 {
		w.WriteHeader(status)
		fmt.Fprint(w, `{"code":"x","detail":"no"}`)
		return
	}
	s.largest = max(s.largest, len(body))
	s.queries = append(s.queries, r.URL.RawQuery)
	report := s.take(string(body))
	if status == lost {
		panic(http.ErrAbortHandler) // it took effect, and nobody is told
	}
	_ = json.NewEncoder(w).Encode(report)
}

const lost = 1000

func (s *server) take(body string) report {
	if len(s.bodies) < 20 {
		s.bodies = append(s.bodies, body)
	}
	in, err := shopify.NewReader(strings.NewReader(body), 2)
	if err != nil {
		panic(err)
	}
	var r report
	for {
		g, err := in.Next()
		if err != nil {
			return r
		}
		r.Rows += len(g.Rows)
		if s.products[g.Handle]++; s.products[g.Handle] > 1 {
			r.Unchanged++
		} else {
			r.Created++
		}
	}
}

// importFile runs the program on a file with the content.
func (s *server) importFile(t *testing.T, content string, args ...string) (status int, out, errs string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "products.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"-file", path, "-api", s.URL}, args...), os.Getenv, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func products(n, rows int) string {
	var b strings.Builder
	b.WriteString("Handle,Title,Variant SKU,Variant Price\n")
	for i := range n {
		for r := range rows {
			fmt.Fprintf(&b, "p%d,상품,S-%d,1000\n", i, r)
		}
	}
	return b.String()
}

func TestCutsBetweenProducts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	status, out, errs := s.importFile(t, products(10, 3), "-batch", "7", "-parallel", "1", "-currency", "USD", "-language",
		"en")
	if status != 0 || errs != "" ||
		!strings.Contains(out, "30 rows: 10 products created, 0 updated, 0 unchanged, 0 failed") {
		t.Fatalf("%d %q %q", status, out, errs)
	}
	if len(s.queries) != 5 || s.queries[1] != "currency=USD&firstRow=8&language=en" {
		t.Fatalf("%q", s.queries)
	}
	for handle, n := range s.products {
		if n != 1 {
			t.Errorf("%s came %d times: it was cut", handle, n)
		}
	}
}

func TestRowNumbersSurviveEmptyRows(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.importFile(t, "Handle,Title\n,\na,A\n,\n,\nb,B\nb,\n")
	if len(s.queries) != 1 || s.queries[0] != "firstRow=3" || s.bodies[0] != "Handle,Title\na,A\n,\n,\nb,B\nb,\n" {
		t.Fatalf("%q %q", s.queries, s.bodies)
	}
}

func TestTellsWhatIsWrongByRow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, errs, out string }{
		{"a bad quote", "Handle,Title\na,A\nb,B\nb,x\"y\nc,C\n",
			"row 4: quotes that do not close or stand inside a value (line 4, character 4); row 3 and all below it are left out",
			"1 products created, 0 updated, 0 unchanged, 1 failed"},
		{"rows of a product apart", "Handle,Title\na,A\nb,B\na,A\n", "row 4, Handle: the rows",
			"3 rows: 2 products created, 0 updated, 0 unchanged, 1 failed"},
		{"rows of a product apart, in another case", "Handle,Title\nSoap,A\nb,B\n soap™,A\n", "row 4, Handle: the rows",
			"3 rows: 2 products created, 0 updated, 0 unchanged, 1 failed"},
		{"no title column", "Handle,Name\na,A\n", "row 1, Title: the file has no column Title", "0 products created"},
		{"an empty file", "", "row 1: the file is empty", "0 products created"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := newServer(t).importFile(t, tt.file)
			if status != 1 || !strings.Contains(errs, tt.errs) || !strings.Contains(out, tt.out) {
				t.Fatalf("%d\n%s\n%s", status, out, errs)
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-file", "/nowhere/products.csv"}, {"-batch", "0", "-file", "x"},
		{"-parallel", "0", "-file", "x"}, {"-color"},
		{"-file", "importer_test.go", "-encoding", "morse"}} {
		var errs bytes.Buffer
		if status := run(t.Context(), args, os.Getenv, io.Discard, &errs); status != 2 || errs.Len() == 0 {
			t.Errorf("%q: %d %q", args, status, errs.String())
		}
	}
}

// instant makes a job whose pauses are only counted.
func (s *server) instant(t *testing.T, pauses *[]time.Duration, o options) (*job, *bytes.Buffer) {
	var errs bytes.Buffer
	o.api = s.URL
	if o.batch == 0 {
		o.batch = 3
	}
	return &job{
		client: &client{http: &http.Client{Timeout: 10 * time.Second}, api: s.URL, token: o.token, given: o.token != "",
			pause: func(_ context.Context, d time.Duration) { *pauses = append(*pauses, d) }},
		progress: newProgress(io.Discard, 0, func() int64 { return 0 }), errors: &errs, options: o,
	}, &errs
}

func TestFaults(t *testing.T) {
	t.Parallel()
	at := func(n, status int) func(int) int {
		return func(call int) int {
			if call == n {
				return status
			}
			return 0
		}
	}
	for _, tt := range []struct {
		name   string
		refuse func(int) int
		token  string
		status int
		pauses int
		came   int // products of 9
	}{
		{name: "all goes well", refuse: at(0, 0), came: 9},
		{name: "one piece fails once", refuse: at(2, 503), pauses: 1, came: 9},
		{name: "the first piece fails once", refuse: at(1, 500), pauses: 1, came: 9},
		{name: "the answer to a piece is lost: it is sent again", refuse: at(2, lost), pauses: 1, came: 9},
		{name: "throttled", refuse: at(3, 429), pauses: 1, came: 9},
		{name: "the token has run out", refuse: at(2, 401), pauses: 1, came: 9},
		{name: "a token that is not accepted", refuse: at(1, 401), token: "mine", status: 1},
		{name: "not a merchant's token", refuse: at(1, 403), token: "mine", status: 1},
		{name: "the API is gone in the middle", refuse: func(n int) int {
			if n > 1 {
				return 502
			}
			return 0
		}, status: 1, pauses: tries - 1, came: 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.refuse = tt.refuse
			var pauses []time.Duration
			j, errs := s.instant(t, &pauses, options{token: tt.token})
			status := j.finish(j.run(t.Context(), strings.NewReader(products(9, 1))))
			if status != tt.status || len(pauses) != tt.pauses || len(s.products) != tt.came {
				t.Fatalf("status %d, %d pauses, %d products\n%s", status, len(pauses), len(s.products), errs)
			}
		})
	}
}

func TestPausesDouble(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.refuse = func(int) int { return 500 }
	var pauses []time.Duration
	j, errs := s.instant(t, &pauses, options{})
	if j.finish(j.run(t.Context(), strings.NewReader(products(1, 1)))) != 1 ||
		!strings.Contains(errs.String(), "rows 2 to 2: gave up after 7 tries") {
		t.Fatal(errs)
	}
	if pauses[0] != firstPause || pauses[5] != 32*firstPause {
		t.Fatal(pauses)
	}
}

func TestAnAPIThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	t.Cleanup(func() { close(release); hanging.Close() })
	c := &client{http: &http.Client{Timeout: 20 * time.Millisecond}, api: hanging.URL, token: "t", given: true,
		pause: func(context.Context, time.Duration) {}}
	if _, err := c.send(t.Context(), []byte("x"), 2, options{}); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Fatal(err)
	}
}

func TestStopsWhenTold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.refuse = func(int) int { return 500 }
	ctx, stop := context.WithCancel(t.Context())
	var pauses []time.Duration
	j, _ := s.instant(t, &pauses, options{})
	j.client.pause = func(context.Context, time.Duration) { stop() }
	if status := j.finish(j.run(ctx, strings.NewReader(products(1, 1)))); status != 1 || s.calls != 1 {
		t.Fatal(status, s.calls)
	}
}

func TestReadsWhatKoreanExcelSaves(t *testing.T) {
	t.Parallel()
	file := "Handle,Title\n수분크림,똠방각하 수분 크림\n"
	coded, err := korean.EUCKR.NewEncoder().String(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	if status, _, errs := s.importFile(t, coded); status != 0 || s.bodies[0] != file {
		t.Fatalf("%d %q %q", status, s.bodies, errs)
	}
}

func TestProgressOnATerminalIsABar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &progress{out: &out, terminal: true, size: 100}
	p.show(report{Rows: 5, Created: 2}, 50)
	p.done(report{Rows: 10, Created: 4})
	want := "\r\x1b[K[" + strings.Repeat("#", 15) + strings.Repeat(".", 15) +
		"]  50 %  5 rows: 2 created, 0 updated, 0 unchanged, 0 failed" +
		"\r\x1b[K10 rows: 4 products created, 0 updated, 0 unchanged, 0 failed\n"
	if out.String() != want {
		t.Fatalf("%q\n%q", out.String(), want)
	}
}

// rows is a file of n rows, made while it is read.
type rows struct {
	n, row int
	rest   strings.Reader
}

func (r *rows) Read(p []byte) (int, error) {
	if r.rest.Len() == 0 {
		if r.row == r.n {
			return 0, io.EOF
		}
		line := fmt.Sprintf("p%d,상품,%s,1000\n", r.row/2, strings.Repeat("x", 200))
		if r.row == 0 {
			line = "Handle,Title,Body (HTML),Variant Price\n" + line
		}
		r.rest.Reset(line)
		r.row++
	}
	return r.rest.Read(p)
}

func TestAHundredThousandRowsTakeLittleMemory(t *testing.T) {
	s := newServer(t)
	var pauses []time.Duration
	j, errs := s.instant(t, &pauses, options{batch: 1000})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	status := j.finish(j.run(t.Context(), &rows{n: 100_000}))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if status != 0 || j.total.Created != 50_000 || s.largest > maxBody+4096 {
		t.Fatalf("status %d, %+v, largest body %d\n%s", status, j.total, s.largest, errs)
	}
	// Most of what is left is the test server's map of handles.
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 20<<20 {
		t.Fatalf("%d bytes more", grown)
	}
}
