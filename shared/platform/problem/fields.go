package problem

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Fields collects what is wrong with an input, field by field, so that a caller is told all of it at once.
type Fields []Field

// Add notes a field that is wrong. pointer is a JSON pointer into the input (RFC 6901); format and args say what is
// expected.
func (f *Fields) Add(pointer, code, format string, args ...any) {
	*f = append(*f, Field{Pointer: pointer, Code: code, Message: filled(format, args...)})
}

// Require adds a field that is wrong unless ok.
func (f *Fields) Require(ok bool, pointer, code, format string, args ...any) {
	if !ok {
		f.Add(pointer, code, format, args...)
	}
}

// Between requires a number from least to most.
func (f *Fields) Between(n, least, most int, pointer string) {
	f.Require(n >= least, pointer, "too_small", "at least %d", least)
	f.Require(n <= most, pointer, "too_large", "at most %d", most)
}

// Text requires a text of least to most characters.
func (f *Fields) Text(s string, least, most int, pointer string) {
	n := utf8.RuneCountInString(s)
	if n == 0 && least > 0 {
		f.Add(pointer, "required", "at least %d characters", least)
		return
	}
	f.Require(n >= least, pointer, "too_short", "at least %d characters", least)
	f.Require(n <= most, pointer, "too_long", "at most %d characters", most)
}

// CheckText is Fields.Text for a text that is checked by itself. Errors: 422 invalid_input at the pointer.
func CheckText(s string, least, most int, pointer string) error {
	var f Fields
	f.Text(s, least, most, pointer)
	return f.Err()
}

// Count requires a list of least to most entries.
func (f *Fields) Count(n, least, most int, pointer string) {
	f.Require(n >= least, pointer, "too_short", "at least %d entries", least)
	f.Require(n <= most, pointer, "too_long", "at most %d entries", most)
}

// OneOf requires one of the values.
func (f *Fields) OneOf(s, pointer string, values ...string) {
	f.Require(slices.Contains(values, s), pointer, "not_allowed", "one of %s", strings.Join(values, ", "))
}

// Note adds the fields of an error; nil adds nothing. An error that names no field is one of the whole input: what was
// refused must not pass as good.
func (f *Fields) Note(err error) {
	if err == nil {
		return
	}
	p := From(err)
	if len(p.Fields) == 0 {
		f.Add("", p.Code, "%s", p.Detail)
	}
	*f = append(*f, p.Fields...)
}

// At moves the fields of a problem below a pointer: what was checked by itself is a part of the input. Other errors,
// and nil, stay as they are.
func At(pointer string, err error) error {
	if err == nil {
		return nil
	}
	p := *From(err)
	if len(p.Fields) == 0 {
		return err
	}
	p.Fields = slices.Clone(p.Fields)
	for i := range p.Fields {
		p.Fields[i].Pointer = pointer + p.Fields[i].Pointer
	}
	return &p
}

// Err is 422 invalid_input with the fields, nil when none is wrong.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f...)
}
