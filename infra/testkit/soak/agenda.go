package soak

import (
	"container/heap"
	"context"
	"time"
)

// agenda is what people are going to do, in the order of time and of noting down.
type agenda struct {
	entries entries
	seq     int
}

type entry struct {
	at  time.Time
	seq int
	do  func(context.Context)
}

type entries []entry

func (e entries) Len() int { return len(e) }
func (e entries) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].seq < e[j].seq
}
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)   { *e = append(*e, x.(entry)) }
func (e *entries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (d *agenda) note(at time.Time, do func(context.Context)) {
	d.seq++
	heap.Push(&d.entries, entry{at, d.seq, do})
}

// next is the time of the next entry.
func (d *agenda) next() (at time.Time, ok bool) {
	if len(d.entries) == 0 {
		return at, false
	}
	return d.entries[0].at, true
}

// appointments does what people are to do by now.
func (y *Simulation) appointments(ctx context.Context) {
	now := y.Clock.Now()
	for len(y.agenda.entries) > 0 && !y.agenda.entries[0].at.After(now) {
		heap.Pop(&y.agenda.entries).(entry).do(ctx)
	}
}
