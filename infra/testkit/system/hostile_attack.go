package system

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"dangol/shared/platform/api"
)

// attack is one request that breaks what the OpenAPI document says, or has a strange value that it may allow.
type attack struct {
	name   string
	body   string
	header map[string]string
	path   func(path string) string // nil leaves the path as it is
	query  string                   // is added to the route's own
	// forbidden says that the document forbids the request: an answer that accepts it is a fault.
	forbidden bool
}

// aimed is a route with what the document says of it.
type aimed struct {
	route    api.Route
	registry huma.Registry
	body     *huma.Schema // nil when the route takes no JSON
	query    []string
	path     []string
}

func aim(document *huma.OpenAPI, route api.Route) aimed {
	target := aimed{route: route, registry: document.Components.Schemas}
	item := document.Paths[route.Path]
	op := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete,
		http.MethodPatch: item.Patch,
	}[route.Method]
	if op.RequestBody != nil {
		if content := op.RequestBody.Content["application/json"]; content != nil {
			target.body = content.Schema
		}
	}
	for _, p := range op.Parameters {
		switch p.In {
		case "query":
			target.query = append(target.query, p.Name)
		case "path":
			target.path = append(target.path, p.Name)
		}
	}
	return target
}

// attack makes one attack on the body, a query parameter, a path part or a header.
func (a aimed) attack(dice *rand.Rand, right string) attack {
	kinds := []func(*rand.Rand, string) attack{a.onHeader, a.onQuery}
	if len(a.path) > 0 {
		kinds = append(kinds, a.onPath)
	}
	if a.body != nil && strings.HasPrefix(right, "{") {
		kinds = append(kinds, a.onField, a.onField, a.onField, a.onField, a.onField, a.onKeys, a.onKeys, a.onText)
	}
	return pick(dice, kinds)(dice, right)
}

func pick[T any](dice *rand.Rand, from []T) T { return from[dice.IntN(len(from))] }

func (a aimed) onHeader(dice *rand.Rand, right string) attack {
	h := pick(dice, [][2]string{
		{"Content-Type", "text/plain"}, {"Content-Type", "application/xml"},
		{"Content-Type", "application/json; charset=utf-16"},
		{"Content-Type", strings.Repeat("x", 500)}, {"Content-Encoding", "gzip"},
		{"If-Match", `"` + strings.Repeat("9", 190) + `"`},
		{"If-Match", `W/"x", *, "`}, {"Accept", "application/cbor"}, {"Accept-Language", strings.Repeat("ko;q=0.1,", 20)},
		{"Accept-Language", "\x01;;=,q=NaN"}, {"Cart-Token", strings.Repeat("t", 199)}, {"Order-Token", "../../x"},
		{"X-Correlation-Id", `"}{`}, {"Idempotency-Key", strings.Repeat("k", 300)},
	})
	if h[1][0] < ' ' {
		h[1] = h[1][1:] // Go's client sends no control characters
	}
	return attack{name: "header " + h[0], body: right, header: map[string]string{h[0]: h[1]}}
}

// nasty are texts that end strings, paths, expressions or lines somewhere.
var nasty = []string{
	"", " ", "%", "..", "../..", "a/b", "a\\b", "\u202e", "\u200b", "👩‍👩‍👧‍👦", "쑥비누", "é", "null", "undefined", "NaN",
	"true", "0", "-1",
	"1e309", "' OR '1'='1", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "#pk", ":v", "pk", "a\r\nb",
	"a\tb", "\x7f",
	"javascript:alert(1)", "prod_", "cart_00000000000000000000000000", "ord_zzzzzzzzzzzzzzzzzzzzzzzzzz",
	strings.Repeat("x", 3000),
	strings.Repeat("가", 1000), "eyJwayI6WyJTIiwieCJdLCJzayI6WyJTIiwieSJdfQ", "eyJwayI6WyJOIiwieCJdfQ", "e30", "AAAA",
}

func (a aimed) onQuery(dice *rand.Rand, right string) attack {
	if len(a.query) == 0 || dice.IntN(8) == 0 {
		return attack{name: "an unknown query parameter", body: right, query: "hostile=1", forbidden: true}
	}
	name, value := pick(dice, a.query), pick(dice, nasty)
	query := url.QueryEscape(name) + "=" + url.QueryEscape(value)
	if dice.IntN(6) == 0 {
		query += "&" + query
	}
	return attack{name: fmt.Sprintf("query %s=%.20q", name, value), body: right, query: query}
}

func (a aimed) onPath(dice *rand.Rand, right string) attack {
	name, value := pick(dice, a.path), pick(dice, nasty)
	if value == "" || strings.Trim(value, ". /") == "" {
		value = "%2e%2e" // an empty part and dots are another path
	}
	return attack{name: fmt.Sprintf("path %s=%.20q", name, value), body: right, path: func(path string) string {
		return strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}}
}

// onText breaks the body as a whole.
func (a aimed) onText(dice *rand.Rand, right string) attack {
	broken := []attack{
		{name: "no JSON", body: "hello", forbidden: true}, {name: "half of it", body: right[:len(right)-1], forbidden: true},
		{name: "null", body: "null"}, {name: "a list", body: "[" + right + "]", forbidden: true},
		{name: "a text", body: `"x"`, forbidden: true},
		{name: "bytes that are no UTF-8", body: right[:len(right)-1] + ",\"\xff\":1}", forbidden: true},
		{name: "a NUL", body: right[:len(right)-1] + `,"\u0000":1}`, forbidden: true},
		{name: "something behind it", body: right + "x", forbidden: true},
		{name: "too large", body: right + strings.Repeat(" ", int(a.route.MaxBody)), forbidden: true},
		{name: "a hundred levels", body: strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), forbidden: true},
		{name: "a thousand lists", body: strings.Repeat("[", 1000) + strings.Repeat("]", 1000), forbidden: true},
	}
	return pick(dice, broken)
}

// onKeys sends a key twice, in other letters, or one that is not known: what one reader checks another may store.
func (a aimed) onKeys(dice *rand.Rand, right string) attack {
	o := a.object(dice, right)
	if len(o.names) == 0 {
		return a.onText(dice, right)
	}
	name := pick(dice, o.names)
	other := pick(dice, []string{`"x"`, `1`, `null`, `{}`, `[]`, `true`})
	switch dice.IntN(4) {
	case 0:
		return attack{name: "twice: " + name, body: o.with(quoted(name), other), forbidden: true}
	case 1:
		return attack{name: "in capitals besides: " + name, body: o.with(quoted(strings.ToUpper(name)), other),
			forbidden: strings.ToUpper(name) != name}
	case 2:
		escaped := fmt.Sprintf(`"\u%04x%s"`, name[0], name[1:])
		return attack{name: "twice, once escaped: " + name, body: o.with(escaped, other), forbidden: true}
	default:
		return attack{name: "an unknown field", body: o.with(`"hostile"`, other), forbidden: o.closed}
	}
}

func quoted(s string) string {
	raw, _ := json.Marshal(s) // a string always becomes JSON
	return string(raw)
}

// object is one object of a body, which can get another member as raw text.
type object struct {
	names  []string
	closed bool // the schema allows no other members
	raw    string
	at     int // behind the opening brace
	empty  bool
}

func (o object) with(name, value string) string {
	comma := ","
	if o.empty {
		comma = ""
	}
	return o.raw[:o.at] + name + ":" + value + comma + o.raw[o.at:]
}

// object is the outermost object of the body.
func (a aimed) object(_ *rand.Rand, right string) object {
	var members map[string]json.RawMessage
	_ = json.Unmarshal([]byte(right), &members) // a body that does not fit has no names
	schema := a.resolve(a.body)
	closed, _ := schema.AdditionalProperties.(bool)
	return object{
		names: slices.Sorted(maps.Keys(members)), closed: !closed && schema.AdditionalProperties != nil,
		raw: right, at: strings.Index(right, "{") + 1, empty: len(members) == 0,
	}
}

func (a aimed) resolve(s *huma.Schema) *huma.Schema {
	for s != nil && s.Ref != "" {
		s = a.registry.SchemaFromRef(s.Ref)
	}
	return s
}

// onField breaks one field, at any depth, in a way that its schema forbids; or gives it a strange value that it may
// allow.
func (a aimed) onField(dice *rand.Rand, right string) attack {
	var body any
	if json.Unmarshal([]byte(right), &body) != nil {
		return a.onText(dice, right)
	}
	schema := a.resolve(a.body)
	var trail []string
	spot := &body
	for {
		object, ok := (*spot).(map[string]any)
		if !ok || schema == nil || len(schema.Properties) == 0 {
			break
		}
		name := pick(dice, slices.Sorted(maps.Keys(schema.Properties)))
		trail = append(trail, name)
		next := a.resolve(schema.Properties[name])
		value, there := object[name]
		if list, ok := value.([]any); ok && len(list) > 0 && dice.IntN(2) == 0 && next.Items != nil {
			item := list[0]
			if m, ok := item.(map[string]any); ok {
				spot, schema = ref(m), a.resolve(next.Items)
				trail = append(trail, "0")
				continue
			}
		}
		if m, ok := value.(map[string]any); there && ok && dice.IntN(2) == 0 && len(next.Properties) > 0 {
			spot, schema = ref(m), next
			continue
		}
		wrong, how, forbidden := a.wrong(dice, next)
		if how == "left out" {
			delete(object, name)
			forbidden = slices.Contains(schema.Required, name)
		} else {
			object[name] = wrong
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return a.onText(dice, right)
		}
		return attack{name: fmt.Sprintf("/%s %s", strings.Join(trail, "/"), how), body: string(raw), forbidden: forbidden}
	}
	return a.onText(dice, right)
}

func ref(m map[string]any) *any {
	var v any = m
	return &v
}

// wrong is a value that the schema forbids, or a strange one.
func (a aimed) wrong(dice *rand.Rand, s *huma.Schema) (value any, how string, forbidden bool) {
	type choice struct {
		value     any
		how       string
		forbidden bool
	}
	choices := []choice{{nil, "left out", false}}
	add := func(v any, how string, forbidden bool) { choices = append(choices, choice{v, how, forbidden}) }
	if s == nil || s.Type == "" {
		return pick(dice, nasty), "a text", false
	}
	for kind, v := range map[string]any{
		"string": "x", "number": json.Number("1"), "boolean": true, "object": map[string]any{"x": 1}, "array": []any{1},
	} {
		if same := kind == s.Type || kind == "number" && s.Type == "integer"; !same {
			add(v, kind+" for "+s.Type, true)
		}
	}
	slices.SortFunc(choices, func(a, b choice) int { return strings.Compare(a.how, b.how) }) // maps have no order
	add(nil, "null", false)
	switch s.Type {
	case "string":
		add(pick(dice, nasty), "a nasty text", false)
		if s.MaxLength != nil {
			add(strings.Repeat("가", *s.MaxLength+1), "too long", true)
		} else {
			add(strings.Repeat("x", 20_000), "very long", false)
		}
		if s.MinLength != nil && *s.MinLength > 0 {
			add("", "empty", true)
		}
		if len(s.Enum) > 0 {
			add("hostile", "none of the list", true)
		}
		if s.Format != "" {
			add("no such format", "of no format", s.Format != "binary")
		}
	case "integer", "number":
		if s.Minimum != nil {
			add(*s.Minimum-1, "too small", true)
		}
		if s.Maximum != nil {
			add(*s.Maximum+1, "too large", true)
		}
		for _, n := range []string{"-1", "0", "1e2", "9007199254740993", "9223372036854775807", "-9223372036854775808"} {
			add(json.Number(n), n, false)
		}
		for _, n := range []string{"1.5", "99999999999999999999", "1e400"} {
			add(json.Number(n), n, s.Type == "integer")
		}
	case "array":
		long := slices.Repeat([]any{"x"}, 5_000)
		if s.MaxItems != nil {
			long = slices.Repeat([]any{"x"}, *s.MaxItems+1)
		}
		add(long, "too many", s.MaxItems != nil)
		add([]any{nil}, "of null", false)
		add([]any{[]any{[]any{}}}, "of lists", false)
	case "object":
		add(map[string]any{}, "empty", false)
		add(map[string]any{"": "", "__proto__": "x", strings.Repeat("k", 300): "x"}, "of strange keys", false)
	}
	c := pick(dice, choices)
	return c.value, c.how, c.forbidden
}
