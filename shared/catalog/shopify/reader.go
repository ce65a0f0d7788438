package shopify

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// RowError is one thing wrong in a file.
type RowError struct {
	Row     int    `json:"row" doc:"Row of the file; the header is row 1." example:"7"`
	Column  string `json:"column,omitempty" doc:"Column as the file calls it." example:"Variant Price"`
	Code    string `json:"code" doc:"Stable, machine-readable." example:"wrong_format"`
	Message string `json:"message" doc:"What is expected, for people." example:"a decimal such as 12000"`
}

// Error implements error.
func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("row %d: %s", e.Row, e.Message)
	}
	return fmt.Sprintf("row %d, %s: %s", e.Row, e.Column, e.Message)
}

// Limits that keep memory bounded whatever the file holds.
const (
	MaxRecord = 512 << 10 // bytes of one row; an open quote swallows the rest of a file
	MaxRows   = 1_000     // rows of one product
)

// Row is one row of a file.
type Row struct {
	Number int // the header is row 1
	Fields []string
}

// Group is the rows of one product.
type Group struct {
	Handle string
	Rows   []Row
	header *header
}

// Reader reads a file product by product. It holds one product at a time.
type Reader struct {
	csv    *csv.Reader
	guard  *guard
	header *header
	number int   // of the row read last
	ahead  *Row  // first row of the next product
	err    error // io.EOF once nothing more can be read
}

// NewReader reads the header. firstRow is the number of the row below it: 2, unless the rows are a piece of a longer
// file. Errors: *RowError.
func NewReader(r io.Reader, firstRow int) (*Reader, error) {
	g := &guard{from: r, left: MaxRecord}
	buffered := bufio.NewReader(g)
	// Excel writes a byte order mark at the start of UTF-8
	// files; it is no part of the first column's name.
	if mark, _, err := buffered.ReadRune(); err == nil && mark != '\ufeff' {
		_ = buffered.UnreadRune() // cannot fail right after ReadRune
	}
	in := &Reader{csv: csv.NewReader(buffered), guard: g, number: firstRow - 1}
	in.csv.Comma = separator(buffered)
	// Rows may be shorter or longer than the header; each product's own errors say so.
	in.csv.FieldsPerRecord, in.csv.ReuseRecord = -1, false
	columns, err := in.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, &RowError{Row: 1, Code: "empty_file", Message: "the file is empty"}
	}
	if err != nil {
		return nil, in.broken(1, err)
	}
	head, rowErr := readHeader(columns)
	if rowErr != nil {
		return nil, rowErr
	}
	in.header = head
	return in, nil
}

// separator is what stands between the cells of the header: a comma, or what Excel writes where the comma stands in
// numbers, a semicolon or a tab.
func separator(file *bufio.Reader) rune {
	start, _ := file.Peek(4096) // a file can be shorter
	line, _, _ := strings.Cut(string(start), "\n")
	for _, other := range []string{";", "\t"} {
		if strings.Count(line, other) > strings.Count(line, ",") {
			return rune(other[0])
		}
	}
	return ','
}

// Ignored is the columns of the file that mean nothing here.
func (in *Reader) Ignored() []string { return in.header.ignored }

// Columns is the header as the file has it.
func (in *Reader) Columns() []string { return in.header.names }

// Next returns the next product's rows. At the end it returns io.EOF. A *RowError about a row that cannot be read at
// all (quotes, size) ends the file: what follows cannot be told apart, so the product that was being read is not
// returned and nothing after it is. A *RowError with code too_many_rows is about one product, and Next goes on behind
// it.
func (in *Reader) Next() (Group, error) {
	g := Group{header: in.header}
	var tooMany *RowError
	for {
		row, err := in.row()
		switch {
		case errors.Is(err, io.EOF) && len(g.Rows) > 0:
			return in.end(g, tooMany)
		case err != nil:
			return Group{}, leftOut(g, err)
		}
		handle := in.handle(row)
		if len(g.Rows) == 0 {
			g.Handle = handle
		}
		// Rows of one product are next to each other, so another handle ends it.
		if handle != g.Handle {
			in.ahead = &row
			return in.end(g, tooMany)
		}
		// The rest of a product that is too large is read
		// over, so that the next one can be imported.
		if len(g.Rows) == MaxRows {
			tooMany = &RowError{Row: g.Rows[0].Number, Code: "too_many_rows",
				Message: fmt.Sprintf("at most %d rows a product", MaxRows)}
			continue
		}
		g.Rows = append(g.Rows, row)
	}
}

// leftOut adds to the error of an unreadable row from where on nothing is imported. The row may belong to the product
// above it, so that one is not whole.
func leftOut(g Group, err error) error {
	row, ok := errors.AsType[*RowError](err)
	if !ok {
		return err
	}
	first := row.Row
	if len(g.Rows) > 0 {
		first = g.Rows[0].Number
	}
	row.Message += fmt.Sprintf("; row %d and all below it are left out", first)
	return row
}

// end finishes a product at its last row.
func (in *Reader) end(g Group, tooMany *RowError) (Group, error) {
	if tooMany != nil {
		return Group{}, tooMany
	}
	return g, nil
}

// row reads one row, leaving out empty ones. After an error it returns io.EOF.
func (in *Reader) row() (Row, error) {
	if in.ahead != nil {
		row := *in.ahead
		in.ahead = nil
		return row, nil
	}
	for in.err == nil {
		// Each row may be as long as MaxRecord.
		in.guard.left = MaxRecord
		fields, err := in.csv.Read()
		in.number++
		if errors.Is(err, io.EOF) {
			in.err = io.EOF
			break
		}
		// Behind an unreadable row nothing can be told apart, so the file ends here.
		if err != nil {
			in.err = io.EOF
			return Row{}, in.broken(in.number, err)
		}
		if strings.TrimSpace(strings.Join(fields, "")) != "" {
			return Row{Number: in.number, Fields: fields}, nil
		}
	}
	return Row{}, in.err
}

// broken says what makes a row unreadable. Errors of the source itself stay what they are.
func (in *Reader) broken(row int, err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return &RowError{Row: row, Code: "bad_quotes", Message: fmt.Sprintf(
			"quotes that do not close or stand inside a value (line %d, character %d)", parse.Line, parse.Column)}
	}
	if errors.Is(err, errTooLong) {
		return &RowError{Row: row, Code: "row_too_long", Message: fmt.Sprintf(
			"at most %d bytes a row; is a quote left open?", MaxRecord)}
	}
	return err
}

// handle is the row's handle as the file has it.
func (in *Reader) handle(r Row) string { return strings.TrimSpace(r.field(in.header.at[colHandle])) }

// field is a cell of the row; the empty text where the row is shorter.
func (r Row) field(i int) string {
	if i < len(r.Fields) {
		return r.Fields[i]
	}
	return ""
}

// guard stops a row from growing without end. The reader above it reads ahead, so the bound is not exact.
type guard struct {
	from io.Reader
	left int // bytes that the row may still have
}

// errTooLong says that a row exceeds MaxRecord.
var errTooLong = errors.New("row too long")

// Read implements io.Reader. It counts what the reader above asks for.
func (g *guard) Read(p []byte) (int, error) {
	if g.left < 0 {
		return 0, errTooLong
	}
	n, err := g.from.Read(p)
	g.left -= n
	return n, err
}
