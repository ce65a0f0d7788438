package sequence

import (
	"fmt"
	"slices"
	"strconv"

	"dangol/shared/compliance"
	"dangol/shared/outreach/segment"
)

// Known is what a definition may refer to. A nil list is not checked.
type Known struct {
	Templates []string
	Segments  []string
}

// blocks are the product blocks that a message can have.
var blocks = []string{"", "recommended", "bought_together", "viewed", "best_sellers", "cart"}

// Faults lists what is wrong with a definition, with JSON pointers; nil when nothing is.
func (d Definition) Faults(known Known) []segment.Fault {
	v := &validator{d: d, known: known}
	v.head()
	v.entry()
	// Fifty steps are longer than any series and keep a run small.
	if len(d.Steps) == 0 || len(d.Steps) > 50 {
		v.fault("/steps", "has %d steps, 1 to 50 are allowed", len(d.Steps))
	}
	for i, s := range d.Steps {
		v.step(i, s)
	}
	v.reachable()
	return v.faults
}

// validator collects what is wrong with one definition.
type validator struct {
	d      Definition
	known  Known
	faults []segment.Fault
}

// fault adds a fault with its place.
func (v *validator) fault(pointer, format string, args ...any) {
	v.faults = append(v.faults, segment.Fault{Pointer: pointer, Text: fmt.Sprintf(format, args...)})
}

// check adds a fault unless ok.
func (v *validator) check(ok bool, pointer, format string, args ...any) {
	if !ok {
		v.fault(pointer, format, args...)
	}
}

// head checks everything but the entry and the steps.
func (v *validator) head() {
	d := v.d
	v.check(identifier(d.ID), "/id", "%q is not made of a-z, 0-9 and _", d.ID)
	v.check(d.Version > 0, "/version", "is not positive")
	v.check(d.Purpose != "", "/purpose", "is empty")
	marketing := d.Kind == compliance.Marketing
	v.check(marketing || d.Kind == compliance.Transactional, "/kind", "%q is neither marketing nor transactional", d.Kind)
	// Recipients refuse by topic, so all advertising needs one.
	v.check(marketing == (d.Topic != ""), "/topic", "marketing has a topic, and nothing else has")
	v.check(slices.Contains([]compliance.Priority{"", compliance.Normal, compliance.High}, d.Priority), "/priority",
		"%q is none", d.Priority)
	v.check(slices.Contains([]compliance.OnCap{"", compliance.WaitOnCap, compliance.SkipOnCap}, d.OnCap), "/onCap",
		"%q is neither wait nor skip", d.OnCap)
	// With more than half held out the shop would hardly send anything.
	v.check(d.Holdout >= 0 && d.Holdout <= 50, "/holdout", "is not from 0 to 50 percent")
	v.check(marketing || d.Holdout == 0, "/holdout", "a transactional series withholds nothing")
	v.delay("/maxLateness", d.MaxLateness, false)
	if d.Reentry != "" && d.Reentry != "never" {
		v.delay("/reentry", d.Reentry, false)
	}
	if d.Goal != nil {
		v.event("/goal/event", d.Goal.Event)
		v.check(!d.Goal.SameKey || d.Entry.Key != "", "/goal/sameKey", "needs a key of the entry")
	}
}

// identifier reports whether a text can be part of keys and of tags of mails.
func identifier(s string) bool {
	for _, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// delay checks a delay; past allows negative ones.
func (v *validator) delay(pointer, text string, past bool) {
	d, err := ParseDelay(text)
	switch {
	case err != nil:
		v.fault(pointer, "%v", err)
	case !past && (d.Days < 0 || d.Clock < 0):
		v.fault(pointer, "is in the past")
	case !past && d == Delay{}:
		v.fault(pointer, "is nothing")
	}
}

// event checks that an event is one that outreach consumes.
func (v *validator) event(pointer, name string) {
	v.check(slices.Contains(segment.EventTypes, name), pointer, "%q is no event to ask about", name)
}

// entry checks what starts a run.
func (v *validator) entry() {
	e := v.d.Entry
	v.check((e.Event == "") != (e.Segment == ""), "/entry", "needs either an event or a segment")
	if e.Event != "" {
		v.event("/entry/event", e.Event)
	}
	if e.Segment != "" {
		v.check(v.known.Segments == nil || slices.Contains(v.known.Segments, e.Segment), "/entry/segment",
			"there is no segment %q", e.Segment)
		v.check(e.Key == "", "/entry/key", "the entry by a segment has no event with a key")
	}
	v.check(!e.Restart || e.Event != "", "/entry/restart", "needs an event")
	if e.If != nil {
		v.condition("/entry/if", *e.If)
	}
}

// condition checks a condition and puts its faults below a pointer.
func (v *validator) condition(pointer string, c segment.Condition) {
	for _, f := range c.Faults() {
		v.fault(pointer+f.Pointer, "%s", f.Text)
	}
}

// step checks one step; faults of several kinds at once would only confuse.
func (v *validator) step(i int, s Step) {
	at := "/steps/" + strconv.Itoa(i)
	v.check(identifier(s.ID), at+"/id", "%q is not made of a-z, 0-9 and _", s.ID)
	// find returns the first step with the id.
	first, _ := v.d.find(s.ID)
	v.check(first == i, at+"/id", "%q is the id of an earlier step", s.ID)
	fields := 0
	for _, set := range []bool{s.Wait != nil, s.Await != nil, s.Branch != nil, s.Send != nil, s.End} {
		if set {
			fields++
		}
	}
	if fields != 1 {
		v.fault(at, "has %d of wait, await, branch, send, end; exactly one is needed", fields)
		return
	}
	switch {
	case s.Wait != nil:
		v.wait(at+"/wait", *s.Wait)
	case s.Await != nil:
		v.await(at+"/await", i, *s.Await)
	case s.Branch != nil:
		v.condition(at+"/branch/if", s.Branch.If)
		v.target(at+"/branch/then", i, s.Branch.Then)
		v.target(at+"/branch/else", i, s.Branch.Else)
	case s.Send != nil:
		v.send(at+"/send", *s.Send)
	}
}

// wait checks that a step waits for exactly one thing.
func (v *validator) wait(at string, w Wait) {
	v.check(w.For == "" || w.Date == "", at, "has both for and date")
	v.check(w.For != "" || w.Date != "" || w.At != "", at, "waits for nothing")
	if w.For != "" {
		v.delay(at+"/for", w.For, false)
	}
	v.check(w.Date != "" || w.Offset == "", at+"/offset", "needs a date")
	if w.Offset != "" {
		v.delay(at+"/offset", w.Offset, true)
	}
	if w.At != "" {
		_, err := parseTimeOfDay(w.At)
		v.check(err == nil, at+"/at", "%q is not a time of day such as 10:00", w.At)
	}
	_, ok := weekdays[w.On]
	v.check(w.On == "" || ok && w.At != "", at+"/weekday", "%q is none of mon to sun with a time of day", w.On)
}

// await checks a step that waits for an event.
func (v *validator) await(at string, place int, a Await) {
	v.event(at+"/event", a.Event)
	v.delay(at+"/timeout", a.Timeout, false)
	v.check(!a.SameKey || v.d.Entry.Key != "", at+"/sameKey", "needs a key of the entry")
	v.target(at+"/then", place, a.Then)
	v.target(at+"/else", place, a.Else)
}

// target lets jumps go forward only, so that no run goes round for ever.
func (v *validator) target(pointer string, from int, id string) {
	if id == "" {
		return
	}
	to, ok := v.d.find(id)
	v.check(ok, pointer, "there is no step %q", id)
	v.check(!ok || to > from, pointer, "step %q is not after this one", id)
}

// send checks the message of a step.
func (v *validator) send(at string, s Send) {
	v.check(s.Channel == compliance.Email || s.Channel == compliance.Push, at+"/channel", "%q is neither email nor push",
		s.Channel)
	v.check(s.Template != "", at+"/template", "is empty")
	if v.known.Templates != nil && s.Template != "" {
		v.check(slices.Contains(v.known.Templates, s.Template), at+"/template", "there is no template %q", s.Template)
	}
	v.check(slices.Contains(blocks, s.Products), at+"/products", "%q is no block of products", s.Products)
}

// reachable finds steps that no run can come to.
func (v *validator) reachable() {
	if len(v.d.Steps) == 0 {
		return
	}
	// Jumps go forward only, so one pass in order sees every step after those that lead to it.
	seen := make([]bool, len(v.d.Steps))
	seen[0] = true
	for i, s := range v.d.Steps {
		if !seen[i] {
			v.fault("/steps/"+strconv.Itoa(i), "no step leads here")
			continue
		}
		for _, next := range v.d.following(i, s) {
			if next < len(seen) {
				seen[next] = true
			}
		}
	}
}

// following are the places that come after a step.
func (d Definition) following(place int, s Step) []int {
	// to is the place of a step id, or the next place when it is empty.
	to := func(id string) int {
		if found, ok := d.find(id); ok && id != "" {
			return found
		}
		return place + 1
	}
	switch {
	case s.End:
		return nil
	case s.Branch != nil:
		return []int{to(s.Branch.Then), to(s.Branch.Else)}
	case s.Await != nil:
		return []int{to(s.Await.Then), to(s.Await.Else)}
	}
	return []int{place + 1}
}
