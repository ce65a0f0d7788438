package order

import "net/url"

// carriers are those whose tracking page needs nothing but the number in its address.
var carriers = map[string]struct{ name, link string }{
	"cj":     {"CJ대한통운", "https://trace.cjlogistics.com/next/tracking.html?wblNo="},
	"hanjin": {"한진택배", "https://www.hanjin.com/kor/CMS/DeliveryMgr/WaybillResult.do?mCode=MN038&schLang=KR&wblnumText2="},
	"lotte":  {"롯데택배", "https://www.lotteglogis.com/home/reservation/tracking/linkView?InvNo="},
	"epost":  {"우체국택배", "https://service.epost.go.kr/trace.RetrieveDomRigiTraceList.comm?sid1="},
	"dhl":    {"DHL", "https://www.dhl.com/en/express/tracking.html?AWB="},
	"fedex":  {"FedEx", "https://www.fedex.com/fedextrack/?trknbr="},
	"ups":    {"UPS", "https://www.ups.com/track?tracknum="},
	"usps":   {"USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels="},
}

// TrackingURL is where the parcel can be followed; "" when the carrier is not one we know or there is no number.
func TrackingURL(carrier, number string) string {
	c, ok := carriers[carrier]
	if !ok || number == "" {
		return ""
	}
	return c.link + url.QueryEscape(number)
}

// CarrierName is the name people know the carrier by; one that is not listed is shown as it was
// entered.
func CarrierName(carrier string) string {
	if c, ok := carriers[carrier]; ok {
		return c.name
	}
	return carrier
}
