package bounds

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Case is a request body in which one value is what its schema forbids.
type Case struct {
	Pointer string // JSON pointer to the value
	Rule    string // the keyword of the schema and its bound, such as "maxLength 100"
	Kind    string // which of the values for the rule, the same for every right body
	Body    string
	// Added says that the right body has no such field: it was added, and what it stands in was made from the schema.
	Added bool
	// Known is the pointer to the innermost value around it that the right body has, "" for the body itself.
	Known string
}

// Cases returns a body for each bound of the request of an operation of the document, at any depth: right with one
// value that is just outside. It returns none for an operation without a JSON body.
func Cases(t testing.TB, d Document, operationID, right string) []Case {
	t.Helper()
	w := &walker{document: d}
	if w.root = w.document.request(t, operationID); w.root == nil {
		return nil
	}
	var body any
	if right == "" {
		right = "{}"
	}
	if err := json.Unmarshal([]byte(right), &body); err != nil {
		t.Fatalf("%s: %v", operationID, err)
	}
	w.right = body
	w.walk(w.root, nil, nil)
	return w.cases
}

// walker goes through a schema and makes the cases.
type walker struct {
	document Document
	root     schema
	right    any
	cases    []Case
}

// schema is a node of the document. It stays a map: only a few of its keywords matter here.
type schema map[string]any

// deepest is how often a schema may stand within itself, as the conditions of a segment do.
const deepest = 1

func (w *walker) resolve(s schema) (schema, string) {
	name := ""
	for s["$ref"] != nil {
		name = refName(s["$ref"])
		s = w.document.Components.Schemas[name]
	}
	return s, name
}

// walk makes the cases of a schema at a path, and of what is in it. within are the names of the schemas around it.
func (w *walker) walk(s schema, path, within []string) {
	s, name := w.resolve(s)
	if name != "" {
		inside := slices.DeleteFunc(slices.Clone(within), func(n string) bool { return n != name })
		if len(inside) > deepest {
			return
		}
		within = append(slices.Clone(within), name)
	}
	for _, wrong := range w.wrong(s, path) {
		w.add(path, wrong)
	}
	for _, field := range slices.Sorted(maps.Keys(sub(s, "properties"))) {
		w.walk(sub(sub(s, "properties"), field), append(slices.Clone(path), field), within)
	}
	if items := sub(s, "items"); items != nil {
		w.walk(items, append(slices.Clone(path), "0"), within)
	}
	if values := sub(s, "additionalProperties"); values != nil {
		w.walk(values, append(slices.Clone(path), w.key(path)), within)
	}
}

// key is a key that a map at the path has in the right body, or a currency, which is what most maps are by.
func (w *walker) key(path []string) string {
	if m, ok := find(w.right, path).(map[string]any); ok && len(m) > 0 {
		return slices.Sorted(maps.Keys(m))[0]
	}
	return "KRW"
}

// add makes the body with the wrong value at the path.
func (w *walker) add(path []string, wrong wrong) {
	present := find(w.right, path) != nil
	known := len(path)
	for known > 0 && find(w.right, path[:known]) == nil {
		known--
	}
	body := w.put(w.root, clone(w.right), path, wrong.value)
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // everything in it came from JSON
	}
	w.cases = append(w.cases, Case{
		Pointer: pointer(path), Rule: wrong.rule, Kind: wrong.kind(), Body: string(raw), Added: !present,
		Known: pointer(path[:known]),
	})
}

// pointer is the JSON pointer to a path.
func pointer(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return "/" + strings.Join(path, "/")
}

// put sets a value in a body and makes what is missing on the way from the schema.
func (w *walker) put(s schema, body any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	s, _ = w.resolve(s)
	switch {
	case sub(s, "items") != nil:
		list, _ := body.([]any)
		if len(list) == 0 {
			list = []any{w.instance(sub(s, "items"))}
		}
		list[0] = w.put(sub(s, "items"), list[0], path[1:], value)
		return list
	default:
		object, _ := body.(map[string]any)
		next := sub(sub(s, "properties"), path[0])
		if next == nil {
			next = sub(s, "additionalProperties")
		}
		if object == nil {
			object, _ = w.instance(s).(map[string]any)
		}
		if object == nil {
			object = map[string]any{}
		}
		object[path[0]] = w.put(next, object[path[0]], path[1:], value)
		return object
	}
}

// find is the value at a path, nil when there is none.
func find(v any, path []string) any {
	for _, p := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func clone(v any) (c any) {
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		panic(err) // it came from JSON
	}
	return c
}

// instance is a value that fits a schema: what is required and no more.
func (w *walker) instance(s schema) any {
	s, _ = w.resolve(s)
	if list, ok := s["examples"].([]any); ok && len(list) > 0 {
		return clone(list[0])
	}
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[0]
	}
	switch kind(s) {
	case "object":
		object := map[string]any{}
		for _, name := range list(s, "required") {
			object[name] = w.instance(sub(sub(s, "properties"), name))
		}
		if values := sub(s, "additionalProperties"); values != nil && len(object) == 0 {
			object["KRW"] = w.instance(values)
		}
		return object
	case "array":
		return slices.Repeat([]any{w.instance(sub(s, "items"))}, max(1, int(number(s, "minItems", 1))))
	case "integer", "number":
		return number(s, "minimum", 1)
	case "boolean":
		return true
	}
	switch s["format"] {
	case "date":
		return "2026-12-24"
	case "date-time":
		return "2026-12-24T09:00:00Z"
	case "email":
		return "haneul@example.com"
	case "uri":
		return "https://shop.example.com/page"
	}
	return strings.Repeat("x", max(1, int(number(s, "minLength", 1))))
}

// wrong is a value that a keyword of a schema forbids.
type wrong struct {
	rule  string
	value any
}

// kind tells the values of one rule apart: numbers by themselves, texts by how they begin, others by their type.
func (w wrong) kind() string {
	switch v := w.value.(type) {
	case string:
		return fmt.Sprintf("%.12q of %d characters", v, len([]rune(v)))
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return fmt.Sprintf("%T", v)
	}
}

// wrong are the values just outside each bound of a schema.
func (w *walker) wrong(s schema, path []string) (all []wrong) {
	add := func(keyword string, values ...any) {
		for _, v := range values {
			bound, _ := json.Marshal(s[keyword])
			all = append(all, wrong{keyword + " " + string(bound), v})
		}
	}
	if s["minimum"] != nil {
		add("minimum", number(s, "minimum", 0)-1)
	}
	if s["maximum"] != nil {
		add("maximum", number(s, "maximum", 0)+1)
	}
	if n := int(number(s, "minLength", 0)); n > 0 {
		add("minLength", strings.Repeat("x", n-1))
	}
	if s["maxLength"] != nil {
		n := int(number(s, "maxLength", 0)) + 1
		// One in which a character is one byte, and one in which it is three.
		add("maxLength", strings.Repeat("x", n), strings.Repeat("가", n))
	}
	if p, ok := s["pattern"].(string); ok {
		add("pattern", mismatches(p, s)...)
	}
	// A provider's token goes into headers and paths of requests to it, where a line break would be another header.
	if len(path) > 0 && path[len(path)-1] == "paymentMethod" {
		all = append(all, wrong{"token", "pm_card_visa\r\nX-Forged: 1"})
	}
	if s["format"] != nil && kind(s) == "string" && s["format"] != "binary" {
		add("format", "no such format")
	}
	if s["enum"] != nil && kind(s) == "string" {
		add("enum", "hostile")
	}
	for _, n := range []int{int(number(s, "minItems", 0)) - 1, int(number(s, "maxItems", -1)) + 1} {
		keyword := map[bool]string{true: "minItems", false: "maxItems"}[s["maxItems"] == nil ||
			n < int(number(s, "maxItems", 0))]
		if kind(s) == "array" && s[keyword] != nil && n >= 0 {
			add(keyword, w.elements(s, path, n))
		}
	}
	if kind(s) == "object" && s["maxProperties"] != nil {
		add("maxProperties", w.members(s, path, int(number(s, "maxProperties", 0))+1))
	}
	if n := int(number(s, "minProperties", 0)); kind(s) == "object" && n > 0 {
		add("minProperties", w.members(s, path, n-1))
	}
	return all
}

// elements are n elements for a list: the one that it has in the right body, or one made from the schema, and free
// texts differ, as a list may leave out what it has already.
func (w *walker) elements(s schema, path []string, n int) []any {
	first := find(w.right, append(slices.Clone(path), "0"))
	if first == nil {
		first = w.instance(sub(s, "items"))
	}
	all := slices.Repeat([]any{first}, n)
	items, _ := w.resolve(sub(s, "items"))
	if text, ok := first.(string); ok && items["enum"] == nil && items["pattern"] == nil && items["format"] == nil {
		for i := range all {
			all[i] = text + strconv.Itoa(i)
		}
	}
	return all
}

// members is a map of n members.
func (w *walker) members(s schema, path []string, n int) map[string]any {
	value := find(w.right, append(slices.Clone(path), w.key(path)))
	if value == nil {
		value = w.instance(sub(s, "additionalProperties"))
	}
	all := map[string]any{}
	for i := range n {
		all["k"+strconv.Itoa(i)] = value
	}
	return all
}

// mismatches are texts that a pattern does not match and that are no longer than allowed.
func mismatches(pattern string, s schema) (all []any) {
	form := regexp.MustCompile(pattern)
	for _, text := range []string{"!", "가", "a b", "A", "a", "0", "x\ny", "1e5", "-"} {
		long := s["maxLength"] != nil && len(text) > int(number(s, "maxLength", 0))
		if !form.MatchString(text) && !long && len(all) < 3 {
			all = append(all, text)
		}
	}
	return all
}

func sub(s map[string]any, keyword string) map[string]any {
	m, _ := s[keyword].(map[string]any)
	return m
}

func number(s schema, keyword string, otherwise int64) int64 {
	if n, ok := s[keyword].(float64); ok {
		return int64(n)
	}
	return otherwise
}

func list(s schema, keyword string) (names []string) {
	all, _ := s[keyword].([]any)
	for _, n := range all {
		names = append(names, fmt.Sprint(n))
	}
	return names
}

// kind is the type of a schema; of several, such as a string or null, the first.
func kind(s schema) string {
	if all := list(s, "type"); len(all) > 0 {
		return all[0]
	}
	k, _ := s["type"].(string)
	return k
}
