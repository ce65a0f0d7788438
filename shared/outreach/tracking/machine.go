package tracking

import (
	"net/netip"
	"strings"
	"time"
)

// Hit is one request for a link or the picture that marks an open.
type Hit struct {
	At        time.Time
	Delivered time.Time // when the message was accepted by the recipient's provider, else when it was sent
	Method    string
	UserAgent string
	// Purpose is the Sec-Purpose or Purpose header: browsers say "prefetch" there.
	Purpose string
	From    netip.Addr
	// Links is how many different links of the message were asked for within AllLinksWithin, this one included.
	Links int
}

// Machine is why a hit was not made by a person; Human is none.
type Machine string

// The reasons.
const (
	Human      Machine = ""
	ByMethod   Machine = "method"    // a person's browser sends GET
	ByPrefetch Machine = "prefetch"  // the browser or a proxy looks ahead
	ByAgent    Machine = "agent"     // says itself that it is a program
	ByNoAgent  Machine = "no_agent"  // says nothing
	ByTime     Machine = "time"      // within seconds of the delivery
	ByAllLinks Machine = "all_links" // follows every link of the message at once
	ByProxy    Machine = "proxy"     // an address that fetches for everybody
)

// Limits: security gateways follow links within seconds of delivery (reported: under 2 s in Mautic, 7 s in Notifuse, 12
// s with resend).
const (
	tooSoon   = 15 * time.Second
	manyLinks = 3
)

// AllLinksWithin is how close together requests for different links are those of one program: a person reads a page
// before they go back to the mail for the next link.
const AllLinksWithin = 10 * time.Second

// agents are parts of the names under which programs fetch links, in lower case.
var agents = []string{
	"bot", "crawl", "spider", "curl/", "wget/", "python", "java/", "go-http-client", "okhttp", "libwww", "headless",
	"phantom", "preview",
	"scan", "mimecast", "proofpoint", "barracuda", "safelinks", "fireeye", "symantec", "trendmicro", "googleimageproxy",
	"yahoomailproxy",
	"outlook-safelinks", "facebookexternalhit", "slackbot", "kakaotalk-scrap", "monitor", "axios/", "node-fetch",
}

// proxies are networks from which mail providers fetch pictures and links for all their users (Apple Mail Privacy
// Protection is not listed by address: its agent is the bare "Mozilla/5.0").
var proxies = []netip.Prefix{
	netip.MustParsePrefix("66.249.80.0/20"), netip.MustParsePrefix("66.102.0.0/20"),
	netip.MustParsePrefix("64.233.160.0/19"),
	netip.MustParsePrefix("40.94.0.0/16"),
}

// Classify says whether a hit was made by a machine, and why. Both kinds are counted, apart; a machine's hit changes
// nothing else.
func Classify(h Hit) Machine {
	agent := strings.ToLower(strings.TrimSpace(h.UserAgent))
	switch {
	// HEAD and POST come from scanners.
	case h.Method != "GET":
		return ByMethod
	case strings.Contains(strings.ToLower(h.Purpose), "prefetch") ||
		strings.Contains(strings.ToLower(h.Purpose), "preview"):
		return ByPrefetch
	// Apple's privacy proxy names itself just so.
	case agent == "" || agent == "mozilla/5.0" || agent == "mozilla":
		return ByNoAgent
	// Before the time: it says more, and takes an earlier click back.
	case h.Links >= manyLinks:
		return ByAllLinks
	// Nobody reads a mail so fast; a slow event of the delivery only makes it more careful.
	case !h.Delivered.IsZero() && h.At.Sub(h.Delivered) < tooSoon:
		return ByTime
	}
	agent = strings.ReplaceAll(agent, "cubot", "") // makes telephones
	for _, part := range agents {
		if strings.Contains(agent, part) {
			return ByAgent
		}
	}
	for _, network := range proxies {
		// Unmap, because an IPv4 address may come in IPv6 form.
		if h.From.IsValid() && network.Contains(h.From.Unmap()) {
			return ByProxy
		}
	}
	return Human
}
