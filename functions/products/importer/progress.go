package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// progress shows how far the import is: as a bar that moves
// on a terminal, as a line for each piece elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	// size is that of the file in bytes, 0 when not known; read tells how many have been read.
	size int64
	read func() int64
	// shown says that a bar is on the screen and must be removed before other lines.
	shown bool
}

// newProgress shows the progress on out.
func newProgress(out io.Writer, size int64, read func() int64) *progress {
	return &progress{out: out, terminal: isTerminal(out), size: size, read: read}
}

// isTerminal reports whether a person watches: a character device is no file and no pipe.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// barWidth is in characters; with the figures behind it a bar fits into 120 columns.
const barWidth = 30

// show reports what has become of the file up to a byte.
func (p *progress) show(r report, until int64) {
	done := 0.0
	// A size of 0 would divide by zero.
	if p.size > 0 {
		done = min(float64(until)/float64(p.size), 1)
	}
	line := fmt.Sprintf("%3.0f %%  %d rows: %d created, %d updated, %d unchanged, %d failed",
		done*100, r.Rows, r.Created, r.Updated, r.Unchanged, r.Failed)
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	full := int(done * barWidth)
	// Carriage return and "erase to the end of the line" (ECMA-48) draw over the bar before.
	fmt.Fprintf(p.out, "\r\x1b[K[%s%s] %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), line)
	p.shown = true
}

// clear makes room for a line of another kind.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// done prints the result as the last line.
func (p *progress) done(r report) {
	p.clear()
	fmt.Fprintf(p.out, "%d rows: %d products created, %d updated, %d unchanged, %d failed\n",
		r.Rows, r.Created, r.Updated, r.Unchanged, r.Failed)
}
