package sequence

import (
	"fmt"
	"strings"
)

// Diagram draws a definition as a Mermaid flowchart.
func (d Definition) Diagram() string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	fmt.Fprintf(&b, "  entry([%s]) --> s0\n", label(d.entryText()))
	for i, s := range d.Steps {
		fmt.Fprintf(&b, "  s%d%s\n", i, s.shape())
		for _, line := range d.arrows(i, s) {
			b.WriteString("  " + line + "\n")
		}
	}
	// The end is drawn only when a step leads there.
	if d.ends() {
		fmt.Fprintf(&b, "  s%d([end])\n", len(d.Steps))
	}
	if d.Goal != nil {
		fmt.Fprintf(&b, "  goal([%s ends it at any step])\n", label(d.Goal.Event))
	}
	return b.String()
}

// entryText says in words what starts a run.
func (d Definition) entryText() string {
	text := d.Entry.Event
	if d.Entry.Segment != "" {
		text = "comes into segment " + d.Entry.Segment
	}
	if d.Entry.Key != "" {
		text += " (one run for each " + d.Entry.Key + ")"
	}
	return text
}

// shape is the form of a step in Mermaid: a parallelogram waits, a hexagon awaits, a rhombus
// branches.
func (s Step) shape() string {
	switch {
	case s.Wait != nil:
		return "[/" + label(s.Wait.text()) + "/]"
	case s.Await != nil:
		return "{{" + label("until "+s.Await.Event+", at most "+s.Await.Timeout) + "}}"
	case s.Branch != nil:
		return "{" + label(s.ID) + "}"
	case s.Send != nil:
		return "[" + label(string(s.Send.Channel)+": "+s.Send.Template) + "]"
	}
	return "([end])"
}

// text says in words how long a step waits.
func (w Wait) text() string {
	var parts []string
	if w.For != "" {
		parts = append(parts, "wait "+w.For)
	}
	if w.Date != "" {
		parts = append(parts, strings.TrimSpace("until "+w.Date+" "+w.Offset))
	}
	if w.At != "" {
		parts = append(parts, strings.TrimSpace("at "+w.At+" "+w.On))
	}
	return strings.Join(parts, ", then ")
}

// arrows are the lines from a step to those that follow.
func (d Definition) arrows(place int, s Step) []string {
	following := d.following(place, s)
	switch {
	case s.Branch != nil:
		return []string{fmt.Sprintf("s%d -- yes --> s%d", place, following[0]),
			fmt.Sprintf("s%d -- no --> s%d", place, following[1])}
	case s.Await != nil:
		return []string{fmt.Sprintf("s%d -- came --> s%d", place, following[0]),
			fmt.Sprintf("s%d -- time is up --> s%d", place, following[1])}
	case len(following) == 1:
		return []string{fmt.Sprintf("s%d --> s%d", place, following[0])}
	}
	return nil
}

// ends reports whether a step leads behind the last one.
func (d Definition) ends() bool {
	for i, s := range d.Steps {
		for _, next := range d.following(i, s) {
			if next == len(d.Steps) {
				return true
			}
		}
	}
	return false
}

// label quotes a text for Mermaid.
func label(text string) string { return `"` + strings.ReplaceAll(text, `"`, "'") + `"` }
