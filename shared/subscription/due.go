package subscription

import "time"

// task is one thing a subscription is due for.
type task struct {
	at time.Time
	do func(*run)
	// what is its name in the history.
	what string
}

// tasks are all the things a subscription will have to do as it stands. The order decides between those of the same
// instant.
func (s *Subscription) tasks() []task {
	if s.State == Ended {
		return nil
	}
	if o := s.Open; o != nil {
		return s.unpaidTasks(o)
	}
	var out []task
	if s.outOfStock() {
		out = append(out, task{s.Stock.RetryAt, (*run).restock, "look for goods"})
	}
	if t, ok := s.giftTask(); ok {
		out = append(out, t)
	}
	opens := s.Span.End
	if s.Burst.Hold {
		if next := s.Burst.Day.Add(1).Start(time.UTC); next.After(opens) {
			opens = next
		}
	}
	for _, n := range s.plannedNotices() {
		out = append(out, task{n.at, func(r *run) { r.tell(n) }, "notice"})
	}
	return append(out, task{opens, (*run).openNext, "open"})
}

// unpaidTasks are those of a subscription with an open invoice. Notices and the next opening wait
// until it is paid or given up.
func (s *Subscription) unpaidTasks(o *Open) []task {
	// While the outcome is unknown only the provider is asked: a second charge might take the money
	// twice.
	if o.InFlight {
		return []task{{o.CheckAt, (*run).check, "ask the provider"}}
	}
	if s.outOfStock() {
		return []task{{s.Stock.RetryAt, (*run).restock, "look for goods"}}
	}
	var out []task
	if !o.RetryAt.IsZero() {
		out = append(out, task{o.RetryAt, (*run).retry, "charge again"})
	}
	// No decline that counts yet, so the days to suspension do not run.
	if o.Since.IsZero() {
		return out
	}
	d := s.Terms.Policy.Dunning.or()
	if s.State == PastDue {
		out = append(out, task{s.days(o.Since, d.SuspendDays), (*run).suspend, "suspend"})
	}
	return append(out, task{s.days(o.Since, d.CancelDays), (*run).giveUp, "give up"})
}

// next is the earliest task; among equals the first in the order of tasks.
func (s *Subscription) next() (t task, ok bool) {
	for _, c := range s.tasks() {
		if !ok || c.at.Before(t.at) {
			t, ok = c, true
		}
	}
	return t, ok
}

// schedule sets Due to the earliest task. An overdue one is due now, so that Due never lies in the
// past of the write and the due index stays in order.
func (r *run) schedule() {
	r.s.Due = time.Time{}
	if t, ok := r.s.next(); ok {
		r.s.Due = max2(t.at, r.at)
	}
}

// do carries out the earliest task, if its time has come. One at a time: each changes what is due
// next.
func (Due) do(r *run) error {
	t, ok := r.s.next()
	if !ok || r.at.Before(t.at) {
		return nil
	}
	r.note = t.what
	t.do(r)
	return nil
}

// giveUp ends a subscription that stayed unpaid until the policy's last day.
func (r *run) giveUp() {
	r.void(EndUnpaid)
	r.end(EndUnpaid)
}
