package store

import "dangol/shared/platform/table"

// AccessPatterns are the ways in which reviews are read and written; a test measures them.
var AccessPatterns = []table.Pattern{
	{
		Name: "the summary of a product with its 20 newest reviews", Key: "REVIEWS#<product> / REVIEW#<id> up to SUMMARY",
		Trips: 1, Read: 3.5, Note: "short texts",
	},
	{
		Name: "the reviews of a product by helpfulness", Key: "HELPFUL#<product> / <bound>#<time>#<id> and REVIEWS#<product>",
		Index: table.ByOne,
		Trips: 2, Read: 5.5, Note: "20 of 25, all new; the round trips are made at once",
	},
	{
		Name: "the reviews of a product by stars", Key: "STARS#<product> / <stars>#<time>#<id>", Index: table.ByTwo,
		Trips: 1, Read: 1.5, Note: "20 short texts",
	},
	{
		Name: "screen a review", Key: "AUTHOR#<id>, BUCKET#<kind>#<hash>, REVIEWS#<product>",
		Trips: 2, Read: 20, Note: "16 items and 25 reviews",
	},
	{
		Name: "write a review", Key: "REVIEWS#<product>, LINE#<order>#<line>, AUTHOR#<id>, BUCKET#<kind>#<hash>",
		Trips: 1, Write: 43, Note: "20 items in one transaction",
	},
	{
		Name: "change a review", Key: "REVIEWS#<product> / REVIEW#<id> and SUMMARY",
		Trips: 2, Read: 1, Write: 9, Note: "a change of state, short text",
	},
	{
		Name: "vote", Key: "REVIEW#<id> / VOTE#<customer>",
		Trips: 3, Read: 2, Write: 9, Note: "a first vote",
	},
	{
		Name: "report a review", Key: "REVIEW#<id> / REPORT#<customer>",
		Trips: 4, Read: 3, Write: 7, Note: "a first report",
	},
	{
		Name: "one's own reviews", Key: "AUTHOR#<id> / REVIEW#<id>",
		Trips: 2, Read: 1.5, Note: "1 review",
	},
	{
		Name: "recount a product", Key: "REVIEWS#<product>",
		Trips: 3, Read: 10, Note: "25 reviews",
	},
	{
		Name: "questions of a product", Key: "QUESTIONS#<product> / QUESTION#<id>",
		Trips: 1, Read: 0.5, Note: "none",
	},
	{
		Name: "note that a line arrived", Key: "LINE#<order>#<line> / LINE",
		Trips: 1, Write: 2, Note: "makes its entry in the due index",
	},
}
