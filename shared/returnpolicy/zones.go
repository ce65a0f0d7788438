package returnpolicy

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the Lambda image has no time zones of its own

	"dangol/shared/compliance"
)

// zones are where the days of a country are counted. Of a country with several zones it is the westernmost in which
// many people live: a deadline there ends last.
var zones = map[string]string{
	"KR": "Asia/Seoul", "JP": "Asia/Tokyo", "CN": "Asia/Shanghai", "TW": "Asia/Taipei", "HK": "Asia/Hong_Kong",
	"SG": "Asia/Singapore",
	"GB": "Europe/London", "IE": "Europe/Dublin", "PT": "Atlantic/Azores", "ES": "Atlantic/Canary",
	"FI": "Europe/Helsinki",
	"EE": "Europe/Tallinn", "LV": "Europe/Riga", "LT": "Europe/Vilnius", "GR": "Europe/Athens", "BG": "Europe/Sofia",
	"RO": "Europe/Bucharest", "CY": "Asia/Nicosia", "US": "Pacific/Honolulu", "CA": "America/Vancouver",
	"AU": "Australia/Perth",
	"NZ": "Pacific/Auckland",
}

// ZoneOf returns the zone in which a customer's days are counted when only the country is known (ISO 3166, two
// letters). For a country that is not in the table it is 12 hours west of Greenwich, where every day ends last.
func ZoneOf(country string) *time.Location {
	country = strings.ToUpper(country)
	name, ok := zones[country]
	if !ok && slices.Contains(compliance.Countries("EU"), country) {
		name, ok = "Europe/Berlin", true
	}
	if ok {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	return time.FixedZone("UTC-12", -12*60*60)
}
