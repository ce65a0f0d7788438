package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"dangol/shared/catalog/shopify"
)

// maxBody is how large a request gets, unless a single product is larger. It is
// far below the API's limit, because one piece is sent while others are read.
const maxBody = 900 << 10

// report is the API's answer; see ImportReport in package products.
type report struct {
	Rows      int                 `json:"rows"`
	Created   int                 `json:"created"`
	Updated   int                 `json:"updated"`
	Unchanged int                 `json:"unchanged"`
	Failed    int                 `json:"failed"`
	Errors    []*shopify.RowError `json:"errors"`
	Omitted   int                 `json:"errorsOmitted"` // errors beyond those listed
}

// add adds the figures of another answer; its errors are listed apart.
func (r *report) add(more report) {
	r.Rows += more.Rows
	r.Created += more.Created
	r.Updated += more.Updated
	r.Unchanged += more.Unchanged
	r.Failed += more.Failed
	r.Omitted += more.Omitted
}

// job imports one file.
type job struct {
	options
	client   *client
	progress *progress
	errors   io.Writer // where row errors go
	total    report    // sums over all pieces
	refused  int       // rows told of in errors
}

// piece is the rows of one request.
type piece struct {
	body     bytes.Buffer
	csv      *csv.Writer
	rows     int // written into body
	firstRow int
	until    int64               // bytes of the file read when it was full
	refused  []*shopify.RowError // what was left out of it, and why
	left     int                 // rows of it that can be read

	report report
	err    error
	landed chan struct{} // closed when report or err is there
}

// newPiece begins a piece with the file's header, which each request needs.
func newPiece(columns []string) (*piece, error) {
	p := &piece{landed: make(chan struct{})}
	p.csv = csv.NewWriter(&p.body)
	return p, p.csv.Write(columns)
}

// add appends the rows of a product. For a row that the reader left out because it is empty, an empty one is written:
// the API counts rows from the piece's first.
func (p *piece) add(g shopify.Group) error {
	if p.rows == 0 {
		p.firstRow = g.Rows[0].Number
	}
	for _, row := range g.Rows {
		for ; p.firstRow+p.rows < row.Number; p.rows++ {
			if err := p.csv.Write([]string{"", ""}); err != nil {
				return err
			}
		}
		if err := p.csv.Write(row.Fields); err != nil {
			return err
		}
		p.rows++
	}
	p.csv.Flush()
	return p.csv.Error()
}

// run reads the file product by product and sends full pieces, a few at a time. It returns the error that ended it, nil
// at the end of the file.
func (j *job) run(ctx context.Context, file io.Reader) error {
	in, err := shopify.NewReader(file, 2)
	if err != nil {
		return err
	}
	f := j.depart(ctx)
	err = j.read(in, f)
	// An error of the API goes first: it is why reading was stopped.
	if lost := f.land(); lost != nil {
		return lost
	}
	return err
}

// read reads the file to its end or to the first error of a piece.
func (j *job) read(in *shopify.Reader, f *flight) error {
	p, err := newPiece(in.Columns())
	if err != nil {
		return err
	}
	seen := handles{seed: maphash.MakeSeed(), known: map[uint64]struct{}{}}
	// The context of the flight ends when a piece has failed.
	for f.ctx.Err() == nil {
		if len(p.refused) > j.batch { // however many a file has, few are kept
			f.send(p)
			if p, err = newPiece(in.Columns()); err != nil {
				return err
			}
		}
		g, err := in.Next()
		// At the end the last piece goes out, also without rows: it may carry errors.
		if errors.Is(err, io.EOF) {
			f.send(p)
			return nil
		}
		// The API sees only one piece, so a handle that comes
		// back in another piece can only be noticed here.
		if err == nil && seen.twice(g.Handle) {
			p.left += len(g.Rows)
			err = &shopify.RowError{
				Row: g.Rows[0].Number, Column: "Handle", Code: "repeated_handle",
				Message: "the rows of a product next to each other; this handle has been above",
			}
		}
		if row, ok := errors.AsType[*shopify.RowError](err); ok {
			p.refused = append(p.refused, row)
			continue
		}
		if err != nil {
			f.send(p)
			return err
		}
		if p, err = j.add(f, p, g, in.Columns()); err != nil {
			return err
		}
	}
	return f.ctx.Err()
}

// add puts the product into the piece, or sends that and begins another when the product does not fit.
func (j *job) add(f *flight, p *piece, g shopify.Group, columns []string) (*piece, error) {
	if !p.fits(g, j.batch) {
		f.send(p)
		var err error
		if p, err = newPiece(columns); err != nil {
			return nil, err
		}
	}
	return p, p.add(g)
}

// fits reports whether the product goes into the piece: not too many rows, and not too large.
func (p *piece) fits(g shopify.Group, batch int) bool {
	size := 0
	for _, row := range g.Rows {
		for _, f := range row.Fields {
			size += len(f) + 3 // comma and quotes
		}
	}
	// Empty rows count too, because they are written as such.
	last := g.Rows[len(g.Rows)-1].Number
	// A piece always takes one product, however large.
	return p.rows == 0 || last-p.firstRow < batch && p.body.Len()+size <= maxBody
}

// tell adds up the answer to a piece, and lists its errors by row.
func (j *job) tell(p *piece) {
	j.total.add(p.report)
	j.total.Failed += len(p.refused)
	j.total.Rows += p.left
	errs := append(p.refused, p.report.Errors...)
	slices.SortStableFunc(errs, func(a, b *shopify.RowError) int { return a.Row - b.Row })
	for _, e := range errs {
		j.refused++
		// The bar is removed first, or the error would be written into its line.
		j.progress.clear()
		fmt.Fprintln(j.errors, e.Error())
	}
	if p.rows > 0 {
		j.progress.show(j.total, p.until)
	}
}

// finish prints how it went and returns the exit status.
func (j *job) finish(err error) int {
	j.progress.done(j.total)
	if j.total.Omitted > 0 {
		fmt.Fprintf(j.errors, "%d more errors are not listed\n", j.total.Omitted)
	}
	if err != nil {
		fmt.Fprintf(j.errors, "stopped: %v\n", err)
		fmt.Fprintln(j.errors, "What is listed above has been imported. Run the same command again: it goes on from there.")
		return 1
	}
	if j.refused > 0 {
		return 1
	}
	return 0
}

// handles remembers hashes of the handles so far, 8 bytes each, so a hundred thousand products
// take a few megabytes. That two handles have the same hash is too improbable to matter.
type handles struct {
	seed  maphash.Seed
	known map[uint64]struct{}
}

// twice reports whether the handle has been before, and remembers it.
func (h handles) twice(handle string) bool {
	// As the API compares them: in another case it is the same product.
	if handle = shopify.HandleOf(handle); handle == "" {
		return false // the API refuses these by row
	}
	sum := maphash.String(h.seed, handle)
	_, twice := h.known[sum]
	h.known[sum] = struct{}{}
	return twice
}
