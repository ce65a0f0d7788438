package sequence

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

//go:embed data/*.json
var files embed.FS

// Library is all versions of all series.
type Library struct {
	all map[string][]Definition // by id, oldest version first
	ids []string
}

// Builtin returns the series of the data files. Error: a file that does not pass Faults; a test keeps it from happening
// in a release.
var Builtin = sync.OnceValues(func() (*Library, error) {
	entries, err := files.ReadDir("data")
	if err != nil {
		return nil, err
	}
	var all []Definition
	for _, e := range entries {
		raw, err := files.ReadFile("data/" + e.Name())
		if err != nil {
			return nil, err
		}
		d, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		// The name says id and version, so a changed copy with an old version is noticed.
		if want := fmt.Sprintf("%s.v%d.json", d.ID, d.Version); want != e.Name() {
			return nil, fmt.Errorf("%s: should be named %s", e.Name(), want)
		}
		all = append(all, d)
	}
	return NewLibrary(all...)
})

// Parse reads a data file. Unknown fields are errors: a misspelled one would be ignored in silence. Templates and
// segments are not checked here, because they are known to others.
func Parse(raw []byte) (d Definition, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return d, err
	}
	// Two definitions in one file, of which one would be lost.
	if decoder.More() {
		return d, errors.New("there is more after the definition")
	}
	var all []error
	// Known is empty: templates and segments are checked where they are known.
	for _, f := range d.Faults(Known{}) {
		all = append(all, f)
	}
	return d, errors.Join(all...)
}

// NewLibrary returns a library of valid definitions. Error: two of the same id and version.
func NewLibrary(all ...Definition) (*Library, error) {
	l := &Library{all: map[string][]Definition{}}
	for _, d := range all {
		versions := l.all[d.ID]
		i, found := slices.BinarySearchFunc(versions, d.Version, func(o Definition, v int) int { return o.Version - v })
		if found {
			return nil, fmt.Errorf("sequence %s has version %d twice", d.ID, d.Version)
		}
		if len(versions) == 0 {
			l.ids = append(l.ids, d.ID)
		}
		l.all[d.ID] = slices.Insert(versions, i, d)
	}
	slices.Sort(l.ids)
	return l, nil
}

// Latest returns the newest version of each series, by id.
func (l *Library) Latest() []Definition {
	var out []Definition
	for _, id := range l.ids {
		versions := l.all[id]
		out = append(out, versions[len(versions)-1])
	}
	return out
}

// Version returns one version; ok is false when there is none.
func (l *Library) Version(id string, version int) (Definition, bool) {
	for _, d := range l.all[id] {
		if d.Version == version {
			return d, true
		}
	}
	return Definition{}, false
}

// StartedBy returns the newest versions that an event starts.
func (l *Library) StartedBy(event string) []Definition {
	return slices.DeleteFunc(l.Latest(), func(d Definition) bool { return event == "" || d.Entry.Event != event })
}

// EnteredFrom returns the newest versions that start when somebody comes into a segment.
func (l *Library) EnteredFrom(segment string) []Definition {
	// Only the newest version takes new people; the others finish theirs.
	return slices.DeleteFunc(l.Latest(), func(d Definition) bool { return d.Entry.Segment != segment })
}
