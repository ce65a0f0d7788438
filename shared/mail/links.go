package mail

import (
	"fmt"
	"net/url"
	"strings"
)

// Links are the paths of the storefront that buttons of mails lead to, by what they show: "order", "subscription",
// "payment" (of what is unpaid of a subscription), "gift", "gift_report". {id} stands for the order's number, the
// subscription's id, the gift's token. Paths below /console/ are pages that the API serves itself.
type Links map[string]string

// defaultLinks are those of a storefront that chose none. The token of a gift is behind a #, so that it reaches no
// server's log.
var defaultLinks = Links{
	"order":        "/orders/{id}",
	"subscription": "/account/subscriptions/{id}",
	"payment":      "/account/subscriptions/{id}/pay",
	"gift":         "/gift#{id}",
	"gift_report":  "/gift/report#{id}",
}

// ParseLinks reads "order=/bestellung/{id},subscription=/abo/{id}"; what is left out keeps its default. An unknown
// name, a path that does not begin with a slash and one without {id} are errors.
func ParseLinks(all []string) (Links, error) {
	links := Links{}
	for _, one := range all {
		name, path, ok := strings.Cut(one, "=")
		switch {
		case !ok || defaultLinks[name] == "":
			return nil, fmt.Errorf("mail: link %q: want order, subscription, payment, gift or gift_report, = and a path", one)
		case !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//"):
			return nil, fmt.Errorf("mail: link %q: the path begins with one slash", one)
		case !strings.Contains(path, "{id}"):
			return nil, fmt.Errorf("mail: link %q: the path has no {id}", one)
		}
		links[name] = path
	}
	return links, nil
}

// linked is content with a button that leads to the storefront.
type linked interface {
	// link is what the button shows, and its id.
	link() (name, id string)
}

// link is the address of the button of a mail.
func (b Brand) link(c linked) string { return b.page(c.link()) }

// page is the address of what a name shows.
func (b Brand) page(name, id string) string {
	path := b.Links[name]
	if path == "" {
		path = defaultLinks[name]
	}
	base := b.URL
	if strings.HasPrefix(path, "/console/") {
		base = b.API
	}
	return base + strings.ReplaceAll(path, "{id}", url.PathEscape(id))
}

func (c OrderConfirmation) link() (name, id string)      { return "order", c.Number }
func (c SubscriptionReceipt) link() (name, id string)    { return "subscription", c.SubscriptionID }
func (c SubscriptionCreditNote) link() (name, id string) { return "subscription", c.SubscriptionID }
func (c SubscriptionGift) link() (name, id string)       { return "gift", c.Token }

// link is the subscription; for what is unpaid the page that pays it, which sends the cardholder to their bank where it
// wants them, and else takes another card.
func (c SubscriptionNotice) link() (name, id string) {
	if c.Kind == "payment_failed" || c.Kind == "suspended" {
		return "payment", c.SubscriptionID
	}
	return "subscription", c.SubscriptionID
}

// reportLink is where the recipient of a gift says that they want none from that sender.
func (b Brand) reportLink(c SubscriptionGift) string { return b.page("gift_report", c.Token) }
