package main

import (
	"context"
	"fmt"
)

// flight is the pieces that have been sent and not answered:
// a few at a time, reported in the order of the file.
type flight struct {
	job    *job
	ctx    context.Context // ends when a piece is given up
	stop   context.CancelFunc
	pieces chan *piece
	done   chan error
}

// depart starts reporting. The capacity of the channel bounds how many pieces are under way; one more is the piece
// whose answer follow waits for.
func (j *job) depart(ctx context.Context) *flight {
	f := &flight{job: j, pieces: make(chan *piece, max(j.parallel, 1)-1), done: make(chan error, 1)}
	f.ctx, f.stop = context.WithCancel(ctx)
	go func() { f.done <- f.follow() }()
	return f
}

// send lets the piece go, as soon as no more than the others allowed are under way.
func (f *flight) send(p *piece) {
	p.until = f.job.progress.read()
	// Blocks while enough pieces are under way, and so bounds the memory.
	f.pieces <- p
	go func() {
		defer close(p.landed)
		// A piece without rows only carries errors.
		if p.rows == 0 {
			return
		}
		p.report, p.err = f.job.client.send(f.ctx, p.body.Bytes(), p.firstRow, f.job.options)
		if p.err != nil {
			p.err = fmt.Errorf("rows %d to %d: %w", p.firstRow, p.firstRow+p.rows-1, p.err)
		}
	}()
}

// follow reports each piece when it and all before it have been answered. The first
// error cancels those that have not; what was answered of them is reported all the same.
func (f *flight) follow() (first error) {
	for p := range f.pieces {
		<-p.landed
		switch {
		case p.err == nil:
			f.job.tell(p)
		case first == nil:
			first = p.err
			f.stop()
		}
	}
	return first
}

// land waits for all pieces and returns the first error. No piece may be sent after it.
func (f *flight) land() error {
	close(f.pieces)
	defer f.stop()
	return <-f.done
}
