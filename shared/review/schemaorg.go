package review

import "strconv"

// The types of schema.org that a product page carries as JSON-LD, for search engines. encoding/json writes <, > and &
// as \u003c, \u003e and \u0026, so the text of a review cannot end the script element it is put into.
type (
	// LinkedProduct is a schema.org Product.
	LinkedProduct struct {
		Context string         `json:"@context"`
		Type    string         `json:"@type"`
		ID      string         `json:"@id"`
		Name    string         `json:"name"`
		Rating  *LinkedRating  `json:"aggregateRating,omitempty"`
		Reviews []LinkedReview `json:"review,omitempty"`
	}
	// LinkedRating is a schema.org AggregateRating.
	LinkedRating struct {
		Type  string `json:"@type"`
		Value string `json:"ratingValue"`
		Count int    `json:"reviewCount"`
		Best  int    `json:"bestRating"`
		Worst int    `json:"worstRating"`
	}
	// LinkedReview is a schema.org Review. A rewarded one says so in its body.
	LinkedReview struct {
		Type      string       `json:"@type"`
		Name      string       `json:"name,omitempty"`
		Body      string       `json:"reviewBody"`
		Language  string       `json:"inLanguage"`
		Published string       `json:"datePublished"`
		Rating    LinkedStars  `json:"reviewRating"`
		Author    LinkedPerson `json:"author"`
	}
	// LinkedStars is a schema.org Rating.
	LinkedStars struct {
		Type  string `json:"@type"`
		Value int    `json:"ratingValue"`
		Best  int    `json:"bestRating"`
		Worst int    `json:"worstRating"`
	}
	// LinkedPerson is a schema.org Person.
	LinkedPerson struct {
		Type string `json:"@type"`
		Name string `json:"name"`
	}
)

// Linked is a product with its summary and some of its published reviews for search engines. page is the address of the
// product page. disclose returns what has to stand before the text of a review, "" for nothing.
func Linked(page, name string, summary Tally, reviews []ReviewSummary,
	disclose func(ReviewSummary) string) LinkedProduct {
	p := LinkedProduct{Context: "https://schema.org", Type: "Product", ID: page, Name: name}
	if n := summary.Rated(); n > 0 {
		p.Rating = &LinkedRating{
			Type: "AggregateRating", Value: strconv.FormatFloat(Round(summary.Average()), 'f', -1, 64), Count: n, Best: 5,
			Worst: 1,
		}
	}
	for _, r := range reviews {
		body := r.Text
		if said := disclose(r); said != "" {
			body = "[" + said + "] " + body
		}
		author := r.Author
		if author == "" {
			author = "Customer"
		}
		p.Reviews = append(p.Reviews, LinkedReview{
			Type: "Review", Name: r.Title, Body: body, Language: r.Language, Published: r.Written.UTC().Format("2006-01-02"),
			Rating: LinkedStars{Type: "Rating", Value: r.Rating, Best: 5, Worst: 1},
			Author: LinkedPerson{Type: "Person", Name: author},
		})
	}
	return p
}
