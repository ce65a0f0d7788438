// Package address is postal addresses: where parcels go. It says which ones can be stored and in which form.
package address

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Address is where goods go.
type Address struct {
	Name       string `json:"name" minLength:"1" maxLength:"100" doc:"Who receives the parcel." example:"김하늘"`
	Line1      string `json:"line1" minLength:"1" maxLength:"200" example:"서울특별시 성동구 왕십리로 83"`
	Line2      string `json:"line2,omitempty" maxLength:"200" example:"301호"`
	City       string `json:"city,omitempty" maxLength:"100" example:"서울"`
	Region     string `json:"region,omitempty" maxLength:"100" doc:"State or province."`
	PostalCode string `json:"postalCode,omitempty" maxLength:"20" doc:"In the form of the country." example:"04769"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2." example:"KR"`
	Phone      string `json:"phone,omitempty" maxLength:"40" doc:"Kept as E.164; a national number is one of the country." example:"+821012345678"`
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (a Address) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(a) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (a *Address) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, a)
}

// OneLine is the address on one line, for people: who, street, postal code and place.
func (a Address) OneLine() string {
	parts := slices.DeleteFunc([]string{a.Name, a.Line1, a.Line2, a.PostalCode, a.City, a.Region, a.Country},
		func(part string) bool { return part == "" })
	return strings.Join(parts, ", ")
}

// Normalize returns the address as it is stored: a real country, a postal code in the form of that country, a telephone
// number as E.164, no spaces around anything. at is the pointer to the address in the request. Errors: 422 with a
// pointer to each field that is wrong.
func (a Address) Normalize(at string) (Address, error) {
	var wrong []problem.Field
	note := func(err error) {
		if err != nil {
			wrong = append(wrong, problem.From(err).Fields...)
		}
	}
	// Pointers to the fields, so that the trimmed text replaces what came in.
	for _, f := range []struct {
		name     string
		text     *string
		required bool
		most     int // characters, as the tags of Address say
	}{
		{"name", &a.Name, true, 100}, {"line1", &a.Line1, true, 200}, {"line2", &a.Line2, false, 200},
		{"city", &a.City, false, 100}, {"region", &a.Region, false, 100},
	} {
		*f.text = strings.TrimSpace(*f.text)
		switch {
		case f.required && *f.text == "":
			note(problem.InvalidField(at+"/"+f.name, "required", "more than spaces"))
		case utf8.RuneCountInString(*f.text) > f.most:
			note(problem.InvalidField(at+"/"+f.name, "too_long", "at most %d characters", f.most))
		// Such characters break labels and CSV files of carriers.
		case strings.ContainsAny(*f.text, "\r\n\t"):
			note(problem.InvalidField(at+"/"+f.name, "wrong_format", "one line, without tabs"))
		// The confirmation of an order shows the name to whoever the shopper gave as its mail address.
		case f.name == "name" && format.HasAddress(*f.text):
			note(problem.InvalidField(at+"/name", "address",
				"a name without addresses of the web or of mail; put a space after a full stop"))
		}
	}
	country, err := format.Country(at+"/country", a.Country)
	if err != nil {
		note(err)
		return a, problem.Invalid(wrong...) // the rest depends on the country
	}
	a.Country = country
	a.PostalCode, err = postalCode(at+"/postalCode", a.PostalCode, country)
	note(err)
	a.Phone, err = phone(at+"/phone", a.Phone, country)
	note(err)
	if len(wrong) > 0 {
		return a, problem.Invalid(wrong...)
	}
	return a, nil
}
