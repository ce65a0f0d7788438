package review

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"dangol/shared/platform/problem"
)

// Limits of what an author may write, in characters.
const (
	MaxTitle = 100
	MaxText  = 5000
)

// Attribute is a question that authors can answer besides the text, with its possible answers.
type Attribute struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Attributes lists the attributes of the shop. Names and values are codes; the storefront has their words.
var Attributes = []Attribute{
	{"skin_type", []string{"dry", "normal", "oily", "combination", "sensitive"}},
	{"size_fit", []string{"small", "true", "large"}},
	{"scent", []string{"weak", "right", "strong"}},
	{"usage", []string{"self", "family", "gift"}},
	{"age_group", []string{"under_20", "20s", "30s", "40s", "50s", "over_60"}},
}

// Normal returns the content as it is stored, cleaned, or what is wrong with it. Errors: 422 invalid_input.
func (c Content) Normal() (Content, error) {
	c.Title = strings.ReplaceAll(Clean(c.Title), "\n", " ")
	c.Text = Clean(c.Text)
	var wrong []problem.Field
	add := func(f *problem.Field) {
		if f != nil {
			wrong = append(wrong, *f)
		}
	}
	add(checkStars("/stars", c.Stars))
	add(checkText("/text", c.Text, MaxText))
	if utf8.RuneCountInString(c.Title) > MaxTitle {
		add(&problem.Field{Pointer: "/title", Code: "too_long", Message: fmt.Sprintf("at most %d characters", MaxTitle)})
	}
	base, err := language.ParseBase(c.Language)
	if err != nil {
		add(&problem.Field{Pointer: "/language", Code: "wrong_format", Message: "an ISO 639 language code"})
	}
	// The canonical code, so that filters compare equal texts.
	c.Language = base.String()
	for _, name := range sortedKeys(c.Attributes) {
		add(checkAttribute(name, c.Attributes[name]))
	}
	if len(wrong) > 0 {
		return c, problem.Invalid(wrong...)
	}
	return c, nil
}

// NormalFollowUp returns the stars and text of a follow-up as they are stored. Errors: 422 invalid_input.
func NormalFollowUp(stars int, text string) (string, error) {
	text = Clean(text)
	var wrong []problem.Field
	for _, f := range []*problem.Field{checkStars("/stars", stars), checkText("/text", text, MaxText)} {
		if f != nil {
			wrong = append(wrong, *f)
		}
	}
	if len(wrong) > 0 {
		return "", problem.Invalid(wrong...)
	}
	return text, nil
}

// checkStars is what is wrong with a number of stars; nil when nothing is.
func checkStars(pointer string, stars int) *problem.Field {
	if stars < 1 || stars > 5 {
		return &problem.Field{Pointer: pointer, Code: "out_of_range", Message: "1 to 5"}
	}
	return nil
}

// checkText is what is wrong with a text; a text of invisible characters is empty after Clean.
func checkText(pointer, text string, most int) *problem.Field {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return &problem.Field{Pointer: pointer, Code: "required", Message: "text that can be read"}
	case n > most:
		return &problem.Field{Pointer: pointer, Code: "too_long", Message: fmt.Sprintf("at most %d characters", most)}
	}
	return nil
}

// checkAttribute is what is wrong with an answer to one of the shop's questions.
func checkAttribute(name, value string) *problem.Field {
	i := slices.IndexFunc(Attributes, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return &problem.Field{Pointer: "/attributes", Code: "not_allowed", Message: "an attribute of the shop"}
	}
	if !slices.Contains(Attributes[i].Values, value) {
		return &problem.Field{
			Pointer: "/attributes/" + name, Code: "not_allowed", Message: strings.Join(Attributes[i].Values, ", "),
		}
	}
	return nil
}
