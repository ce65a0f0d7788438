package main

import (
	"context"
	"fmt"
)

// flight is the pieces under way: a few at a time, told of in the order of the file.
type flight struct {
	job    *job
	ctx    context.Context // ends when a piece is given up
	stop   context.CancelFunc
	pieces chan *piece
	done   chan error
}

func (j *job) depart(ctx context.Context) *flight {
	f := &flight{job: j, pieces: make(chan *piece, max(j.parallel, 1)-1), done: make(chan error, 1)}
	f.ctx, f.stop = context.WithCancel(ctx)
	go func() { f.done <- f.follow() }()
	return f
}

// send lets the piece go, as soon as no more than the others allowed are under way.
func (f *flight) send(p *piece) {
	p.until = f.job.progress.read()
	f.pieces <- p
	go func() {
		defer close(p.landed)
		if p.rows == 0 {
			return
		}
		p.report, p.err = f.job.client.send(f.ctx, p.body.Bytes(), p.firstRow, f.job.options)
		if p.err != nil {
			p.err = fmt.Errorf("rows %d to %d: %w", p.firstRow, p.firstRow+p.rows-1, p.err)
		}
	}()
}

// follow tells of each piece when it and all before it have landed. The first error stops those that have not; what
// arrived of them is told all the same.
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

// land waits for all pieces and returns the first error.
func (f *flight) land() error {
	close(f.pieces)
	defer f.stop()
	return <-f.done
}
