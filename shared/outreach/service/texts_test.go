package service

import (
	"testing"

	"dangol/shared/compliance"
	"dangol/shared/mail/texts"
	"dangol/shared/outreach/sequence"
)

func TestEveryPushStepHasATitleInEveryLanguage(t *testing.T) {
	t.Parallel()
	library, err := sequence.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for _, d := range library.Latest() {
		for _, s := range d.Steps {
			if s.Channel() != compliance.Push {
				continue
			}
			steps++
			for _, language := range texts.Languages {
				if pushTitle(s.Send.Template, language) == "" {
					t.Errorf("%s, step %s: no push title in %s", d.ID, s.ID, language)
				}
			}
		}
	}
	if steps == 0 {
		t.Error("no series pushes")
	}
}
