package review

import (
	"encoding/xml"
	"strconv"
	"time"
)

// FeedVersion is the version of Google's product review feed that FeedPage writes (support.google.com/merchants,
// "Product review feeds").
const FeedVersion = "2.4"

// FeedPage writes published reviews as a product review feed. publisher is the shop's name; page makes the address of a
// product page. Rewarded reviews carry is_incentivized_review, imported ones no is_verified_purchase.
func FeedPage(publisher string, reviews []ReviewSummary, page func(productID string) string) ([]byte, error) {
	feed := feedXML{Version: FeedVersion, Publisher: publisher}
	for _, c := range reviews {
		feed.Reviews = append(feed.Reviews, feedReview(c, page(c.ProductID)))
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	return append([]byte(xml.Header), body...), err
}

// feedXML is the feed in Google's schema.
type feedXML struct {
	XMLName   xml.Name `xml:"feed"`
	Version   string   `xml:"version"`
	Publisher string   `xml:"publisher>name"`
	Reviews   []feedXMLReview
}

// feedXMLReview is one review of the feed.
type feedXMLReview struct {
	XMLName      xml.Name    `xml:"review"`
	ID           string      `xml:"review_id"`
	Reviewer     feedName    `xml:"reviewer>name"`
	Timestamp    string      `xml:"review_timestamp"`
	Title        string      `xml:"title,omitempty"`
	Content      string      `xml:"content"`
	URL          feedURL     `xml:"review_url"`
	Ratings      feedRating  `xml:"ratings>overall"`
	Product      feedProduct `xml:"products>product"`
	Verified     string      `xml:"is_verified_purchase,omitempty"`
	Incentivized bool        `xml:"is_incentivized_review"`
}

// feedName is the reviewer's name, marked when there is none.
type feedName struct {
	Anonymous bool   `xml:"is_anonymous,attr,omitempty"`
	Name      string `xml:",chardata"`
}

// feedURL says whether the address is of this review alone or of a page with several.
type feedURL struct {
	Type string `xml:"type,attr"`
	URL  string `xml:",chardata"`
}

// feedRating is a rating with its scale.
type feedRating struct {
	Min   int    `xml:"min,attr"`
	Max   int    `xml:"max,attr"`
	Value string `xml:",chardata"`
}

// feedProduct names a product by its page.
type feedProduct struct {
	URL string `xml:"product_url"`
}

// feedReview is a review in the form of the feed.
func feedReview(c ReviewSummary, page string) feedXMLReview {
	out := feedXMLReview{
		ID: c.ID, Reviewer: feedName{Name: c.Author}, Timestamp: c.Written.UTC().Format(time.RFC3339), Title: c.Title,
		Content: c.Text, URL: feedURL{"group", page}, Product: feedProduct{page}, Incentivized: c.Rewarded != nil,
		Ratings: feedRating{1, 5, strconv.Itoa(c.Rating)},
	}
	if c.Author == "" {
		out.Reviewer = feedName{Anonymous: true, Name: "Anonymous"}
	}
	// Nothing is said about the purchase of an imported review: it was not checked here.
	if c.Imported == "" {
		out.Verified = strconv.FormatBool(c.Verified)
	}
	return out
}
