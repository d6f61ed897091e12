package config

import "strings"

// near answers the known word that somebody most likely meant, or "".
func near(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if fold(k) == fold(word) {
			return k
		}
		if d := edits(word, k); d < distance && d <= max(1, len(k)/3) {
			best, distance = k, d
		}
	}
	return best
}

// fold removes what differs between targetGroups, target-groups and target_groups.
func fold(word string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(word))
}

// edits counts the letters to add, drop or change (Levenshtein's distance).
// Words too different in length to be near are not measured.
func edits(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
