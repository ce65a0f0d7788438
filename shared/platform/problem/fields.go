package problem

import "fmt"

// Fields collects what is wrong with an input, field by field, so that a caller is told all of it at once.
type Fields []Field

// Add notes a field that is wrong. pointer is a JSON pointer into the input (RFC 6901); format and args say what is
// expected.
func (f *Fields) Add(pointer, code, format string, args ...any) {
	*f = append(*f, Field{Pointer: pointer, Code: code, Message: fmt.Sprintf(format, args...)})
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

// Err is 422 invalid_input with the fields, nil when none is wrong.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f...)
}
