/* The stage of the tests of sharing: a small policy and a directory of the test's own, notices of invented children,
 * and what became of each copy. Cases and people are invented; what must not be told is spelt Canary. */
#ifndef WG_TESTS_ROLE_SHARE_H
#define WG_TESTS_ROLE_SHARE_H

#include <jansson.h>

#include "gate.h"

/* What a notice says; what is NULL is not in it. In XML already. */
struct said {
	const char *kind; /* NULL: "missing" */
	const char *id;   /* NULL: made of number and kind */
	unsigned number;  /* the episode's, and in the id */
	const char *name, *born, *nhs;
	const char *text;    /* missing/circumstances, found/how, answer/explanation, profile/approach */
	const char *child;   /* more of the child, after its date of birth or number */
	const char *hidden;  /* postcode of child/confidential-address */
	const char *school;  /* child/school */
	const char *risk;    /* episode/risk */
	const char *head;    /* header/concerns */
	const char *sharing; /* inside of <sharing> */
	const char *answer;  /* looked-after; NULL: "true" */
};

/* gate_setup, and policy and directory of this stage instead of its own. */
int share_setup(struct gate *gate);
/* directory.xml of this stage with the first `from` replaced; the caller frees. */
char *share_directory(const char *from, const char *to);

/* Hands it in as staffordshire-police and handles it; the message's id goes into id. */
void share_notice(struct gate *gate, const struct said *said, char id[WG_ID_TEXT]);
/* The same, without handling. */
void share_submit(struct gate *gate, const struct said *said, char id[WG_ID_TEXT]);

/* The latest delivery of the message to "organisation/desk" that is not superseded; alarm: the alarm there. Its id is
 * "" when there is none. */
struct wg_row share_row(struct gate *gate, const char *message, const char *recipient, bool alarm);
/* Fails unless that is in this state for a reason with these words and without a canary. */
void share_is(struct gate *gate, const char *message, const char *recipient, const char *state, const char *words);
unsigned share_count(struct gate *gate, const char *message, const char *state);
/* The disclosure record of a delivery; the caller gives it back with json_decref. */
json_t *share_record(struct gate *gate, const char *message, const char *delivery);
/* A member of it that is text; "" when it is not there. */
const char *share_text(const json_t *record, const char *name);
/* Whether the list of that name in it has the word. */
bool share_lists(const json_t *record, const char *name, const char *word);
/* Fails unless "found" of the record are these: "what in place", separated by "; ", in any order. */
void share_found(struct gate *gate, const char *message, const char *recipient, const char *what);

/* The XML of the copy in the delivery's envelope, as who opens it. */
void share_copy(struct gate *gate, const char *delivery, const char *who, struct wg_buf *out);
/* What a person does. */
void share_act(struct gate *gate, const char *action, const char *id, const char *who);

#endif
