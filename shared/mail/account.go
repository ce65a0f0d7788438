package mail

import (
	"strings"

	"dangol/shared/mail/texts"
)

// The kinds of AccountMail: what its code is for. Each has its texts under "account".
const (
	AccountSignUp         = "sign_up"
	AccountForgotPassword = "forgot_password"
	AccountVerifyAddress  = "verify_address"
	AccountLogIn          = "log_in"
	AccountInvite         = "invite" // by an operator, with a temporary password as the code
)

// AccountMail carries a code or a temporary password of somebody's account. Amazon Cognito sends it: Code and Username
// are placeholders then, which Cognito fills in.
type AccountMail struct {
	Kind     string
	Code     string
	Username string // of the account that an invitation is about
	// Languages are those it is written in, one after the other, where nobody knows which one its reader understands.
	// Empty is the language of the mail.
	Languages []string
}

// Template is "account_mail".
func (AccountMail) Template() string { return "account_mail" }

func (c AccountMail) missing() []string {
	missing := need(field{"code", c.Code})
	if !known(c.key("heading")) {
		missing = append(missing, "kind")
	}
	if c.Kind == AccountInvite {
		missing = append(missing, need(field{"username", c.Username})...)
	}
	return missing
}

func (c AccountMail) key(part string) string { return "account." + c.Kind + "." + part }

// accountPart is a mail about an account in one language.
type accountPart struct{ Language, Subject, Heading, Text, Note string }

// accountParts are the words of a mail about an account, by language.
func accountParts(brand Brand, language string, c AccountMail) ([]accountPart, error) {
	if len(c.Languages) == 0 {
		c.Languages = []string{language}
	}
	parts := make([]accountPart, len(c.Languages))
	for i, l := range c.Languages {
		catalog, err := texts.Of(l)
		if err != nil {
			return nil, err
		}
		part := accountPart{Language: texts.Language(l)}
		for name, into := range map[string]*string{
			"subject": &part.Subject, "heading": &part.Heading, "text": &part.Text, "note": &part.Note,
		} {
			if *into, err = catalog.Text(c.key(name), "shop", brand.Name, "username", c.Username); err != nil {
				return nil, err
			}
		}
		greeting, err := catalog.Text("greeting_nameless")
		if err != nil {
			return nil, err
		}
		part.Text = greeting + part.Text
		parts[i] = part
	}
	return parts, nil
}

// accountSubject is the subject in all languages of a mail about an account.
func accountSubject(parts []accountPart) string {
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = p.Subject
	}
	return strings.Join(all, " / ")
}
