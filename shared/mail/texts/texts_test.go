package texts_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/mail/texts"
)

func TestATextWithoutAValueIsAnError(t *testing.T) {
	t.Parallel()
	c, err := texts.Of("en")
	if err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() (string, error){
		"an unknown key":              func() (string, error) { return c.Text("no.such") },
		"a placeholder without value": func() (string, error) { return c.Text("greeting") },
		"a name without value":        func() (string, error) { return c.Text("greeting", "name") },
	} {
		if text, err := ask(); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestValuesAreNotFilledInAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"{name}", "{brand}{name}", "{", "}", "a\nb", "{{.Brand}}"}).Draw(t, "value")
		c, err := texts.Of("en")
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Text("greeting", "name", value)
		if want := "Dear " + strings.ReplaceAll(value, "\n", " ") + ", "; err != nil || got != want {
			t.Fatalf("%q, %v", got, err)
		}
	})
}
