package texts

import "strings"

// Letter is the words of a mail whose texts are in the catalog.
type Letter struct {
	Subject   string
	Preheader string
	Heading   string
	Body      []string // paragraphs
	Button    string   // may be empty
}

// Composed begins the keys of such mails: composed.<kind>.subject and so on.
const Composed = "composed."

// Compose fills in the words of a kind of mail; pairs are the names and values of its placeholders. Error: a kind that
// the catalog does not have, or a placeholder without a value.
func Compose(language, kind string, pairs ...string) (l Letter, err error) {
	c, err := Of(language)
	if err != nil {
		return l, err
	}
	var body string
	for _, part := range []struct {
		name string
		into *string
	}{
		{"subject", &l.Subject}, {"preheader", &l.Preheader}, {"heading", &l.Heading}, {"body", &body}, {"button", &l.Button},
	} {
		if !c.Has(Composed+kind+"."+part.name) && part.name == "button" {
			continue
		}
		if *part.into, err = c.Text(Composed+kind+"."+part.name, pairs...); err != nil {
			return Letter{}, err
		}
	}
	l.Body = strings.Split(body, " ¶ ")
	return l, nil
}
