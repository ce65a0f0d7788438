package mail

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/mail/texts"
	"dangol/shared/money"
)

// SubscriptionNotice tells a subscriber about their subscription: what is asked, what is to come, what went wrong. Kind
// and Situation name one of the texts under notices: "canceled-minimum_term". Dates are YYYY-MM-DD, local days of the
// subscriber.
type SubscriptionNotice struct {
	Kind           string
	Situation      string // which text of the kind is true; empty where it has one
	SubscriptionID string
	Plan           string
	Name           string
	Date           string // the day it is about; of canceled and ended the last day
	From           string // paused: the first day of the pause
	Amount         money.Money
	Charges        int         // canceled: how many charges are still to come; Amount is their sum
	Old            money.Money // the price before a rise; none when a trial turns paid
	NextPlan       string      // change_planned: the plan that follows
	PayBy          string      // the last day on which paying keeps the subscription
	BenefitsStop   string      // the day its benefits stop while it stays unpaid
	Method         string      // the card, for people
	Retry          time.Time   // when a failed payment is tried again
	Zone           string      // time zone of the subscriber, for Retry
}

// Template is "subscription_notice".
func (SubscriptionNotice) Template() string { return "subscription_notice" }

func (c SubscriptionNotice) missing() []string {
	missing := need(field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan})
	switch {
	case c.Kind == "" || c.Situation == "" && !known(c.textKey("title")) && !knownKind(c.Kind):
		missing = append(missing, "kind")
	case !known(c.textKey("title")):
		// A situation without a text must not fall back to the text of another one.
		missing = append(missing, "situation")
	}
	return missing
}

// knownKind reports whether there is a text for some situation of a kind.
func knownKind(kind string) bool {
	c, err := texts.Of(Languages[0])
	return err == nil && slices.ContainsFunc(c.Keys(), func(key string) bool {
		return strings.HasPrefix(key, "notices."+kind+"-")
	})
}

// textKey is the key of a text of the notice: title, text or button.
func (c SubscriptionNotice) textKey(part string) string {
	if c.Situation != "" {
		return "notices." + c.Kind + "-" + c.Situation + "." + part
	}
	return "notices." + c.Kind + "." + part
}

// values are what the texts of notices are filled with.
func (c SubscriptionNotice) values(catalog *texts.Catalog) ([]string, error) {
	date, err := catalog.Day(c.Date)
	if err != nil {
		return nil, err
	}
	from, err := catalog.Day(c.From)
	if err != nil {
		return nil, err
	}
	amount := ""
	if c.Amount.Amount > 0 {
		amount = c.Amount.Display()
	}
	return []string{
		"plan", c.Plan, "date", date, "from", from, "amount", amount, "charges", strconv.Itoa(c.Charges),
		"next", c.NextPlan,
	}, nil
}

// say is a text of the notice, filled in.
func say(c *texts.Catalog, n SubscriptionNotice, part string) (string, error) {
	values, err := n.values(c)
	if err != nil {
		return "", err
	}
	return c.Text(n.textKey(part), values...)
}

// DateKey names what Date is.
func (c SubscriptionNotice) DateKey() string {
	switch c.Kind {
	case "canceled", "ended":
		return "words.last_day"
	case "consent_request", "price_change", "trial_ending", "renewal":
		return "words.charged_on"
	case "paused":
		return "words.goes_on"
	case "change_planned":
		return "words.from"
	}
	return "words.date"
}

// SubscriptionReceipt is the receipt of a paid invoice.
type SubscriptionReceipt struct {
	Number         string
	SubscriptionID string
	Plan           string
	Name           string
	Lines          []ReceiptLine
	Subtotal       money.Money
	CreditUsed     money.Money
	Tax            money.Money // contained in the lines
	Total          money.Money
	Method         string
}

// ReceiptLine is a line of an invoice: a period, an upgrade, the days given back for it, or the setup fee.
type ReceiptLine struct {
	Kind     string // period, upgrade, unused, setup, discount
	Plan     string
	Quantity int
	Cycles   int    // how many cycles are paid at once
	From     string // first day, YYYY-MM-DD; empty for none
	To       string // the day after the last
	Amount   money.Money
}

// Template is "subscription_receipt".
func (SubscriptionReceipt) Template() string { return "subscription_receipt" }

func (c SubscriptionReceipt) missing() []string {
	missing := need(field{"number", c.Number}, field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan},
		field{"subtotal", c.Subtotal}, field{"total", c.Total})
	if len(c.Lines) == 0 {
		missing = append(missing, "lines")
	}
	for _, l := range c.Lines {
		if l.Plan == "" || l.Quantity < 1 || !known("receipt_lines."+l.Kind) {
			missing = append(missing, "lines")
		}
	}
	return missing
}

// receiptLines are the lines of a receipt in the language of the catalog, their days inclusive as people write them.
func receiptLines(c *texts.Catalog, all []ReceiptLine) ([]Line, error) {
	out := make([]Line, len(all))
	for i, l := range all {
		title, err := c.Text("receipt_lines."+l.Kind, "plan", l.Plan)
		if err != nil {
			return nil, err
		}
		out[i] = Line{Title: title, Quantity: l.Quantity, Total: l.Amount}
		if l.From != "" {
			days, err := c.Days(l.From, l.To)
			if err != nil {
				return nil, err
			}
			out[i].Options = append(out[i].Options, days)
		}
		if l.Cycles > 1 {
			cycles, err := c.Text("receipt_lines.cycles", "n", strconv.Itoa(l.Cycles))
			if err != nil {
				return nil, err
			}
			out[i].Options = append(out[i].Options, cycles)
		}
	}
	return out, nil
}
