package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"dangol/shared/platform/problem"
)

// deepest is how many levels a JSON body may have: an order has five, a promotion six.
// Without a bound a small body of brackets would keep readers busy that work recursively.
const deepest = 32

// readBody reads at most what the route allows. A NUL, raw or escaped, is refused: it ends strings in too many places
// behind us.
func readBody(route Route, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	// One byte more than allowed tells a body that is too large from one of just that size.
	body, err := io.ReadAll(io.LimitReader(r.Body, route.MaxBody+1))
	switch {
	case err != nil:
		return nil, problem.BadRequest("bad_request", "The body could not be read.").Because(err)
	case int64(len(body)) > route.MaxBody:
		return nil, problem.New(http.StatusRequestEntityTooLarge, "body_too_large", "This route takes at most %d bytes.",
			route.MaxBody)
	case !utf8.Valid(body):
		return nil, problem.BadRequest("bad_request", "The body is not valid UTF-8.")
	case bytes.Contains(body, []byte(`\u0000`)) || bytes.IndexByte(body, 0) >= 0:
		return nil, problem.InvalidField(pointerToNUL(body), "nul_character", "text without the NUL character")
	}
	// Signed bodies are read as they are, since the signature
	// is over the bytes; files are read by their own reader.
	if kind := r.Header.Get("Content-Type"); route.Access == Signed || kind != "" && !strings.Contains(kind, "json") {
		return body, nil
	}
	return body, oneMeaning(body)
}

// oneMeaning refuses JSON that two readers can understand differently: a key twice in one object, of which one reader
// takes the first and another the last; and nesting without end. What is no JSON is left to whoever reads it. Letters
// count, so "EMAIL" is another key than "email", and unknown (huma.ValidateStrictCasing).
func oneMeaning(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	// Numbers are not converted: only names and nesting matter here.
	d.UseNumber()
	var open []*level
	for {
		token, err := d.Token()
		// The end, or a syntax error, which the real reader reports better.
		if err != nil {
			return nil
		}
		// The decoder has checked that the delimiters match, so a level is open.
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			last := open[len(open)-1]
			// A string in an object is a name, unless the name before it waits for its value.
			if name, ok := token.(string); ok && last.wantsName() {
				last.name, last.named = name, true
				if last.seen[name] {
					return problem.InvalidField(pointerOf(open), "duplicate_field", "each field once")
				}
				last.seen[name] = true
				continue
			}
			last.named = false
			last.n++
		}
		if delim, ok := token.(json.Delim); ok {
			if len(open) == deepest {
				return problem.InvalidField(pointerOf(open), "too_deep", "at most %d levels", deepest)
			}
			// -1, so that the first value of a list gets index 0.
			next := &level{n: -1}
			if delim == '{' {
				next.seen = map[string]bool{}
			}
			open = append(open, next)
		}
	}
}

// level is an object or a list that is not closed yet.
type level struct {
	seen  map[string]bool // names so far; nil in a list
	name  string          // of the value that is being read
	named bool            // the name has been read, its value is next
	n     int             // index of the last value
}

// wantsName reports whether the next string is a name.
func (l *level) wantsName() bool { return l.seen != nil && !l.named }

// pointerOf is the JSON pointer of the value that is being read.
func pointerOf(open []*level) string {
	var p strings.Builder
	for _, l := range open {
		p.WriteByte('/')
		if l.seen != nil {
			p.WriteString(l.name)
		} else {
			p.WriteString(strconv.Itoa(l.n))
		}
	}
	return p.String()
}

// pointerToNUL finds the first field with a NUL in its name or text.
func pointerToNUL(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	found, _ := findNUL("", v)
	return found
}

// findNUL looks for a NUL depth first and returns the pointer to it.
func findNUL(at string, v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return at, strings.ContainsRune(v, 0)
	case []any:
		for i, e := range v {
			if p, ok := findNUL(at+"/"+strconv.Itoa(i), e); ok {
				return p, true
			}
		}
	case map[string]any:
		for name, e := range v {
			if strings.ContainsRune(name, 0) {
				return at, true
			}
			if p, ok := findNUL(at+"/"+name, e); ok {
				return p, true
			}
		}
	}
	return "", false
}
