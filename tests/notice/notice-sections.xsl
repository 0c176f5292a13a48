<?xml version="1.0" encoding="UTF-8"?>
<!-- What of a notice a person reads, in which order and under which plain English label. Gives a <page> of sections and fields. The gateway's own
     account is gateway/notice/render_words.c, render_page.c and render_value.c, which test_render_oracle.c holds against this one. Every element that holds something makes a field: what no template below puts
     anywhere stands in the section of its holder, under its own name, so that a new element of the schema is never left out in silence.
     A field goes into the section it stands in, or into the one that lists its part. A section without fields vanishes. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:n="urn:wardgate:notice:1" xmlns:r="urn:wardgate:render:1"
	exclude-result-prefixes="n r">
	<xsl:output method="xml" encoding="UTF-8"/>
	<xsl:variable name="lower" select="'abcdefghijklmnopqrstuvwxyz'"/>
	<xsl:variable name="upper" select="'ABCDEFGHIJKLMNOPQRSTUVWXYZ'"/>
	<!-- Elements of a body that hold others: each name has a section of its own. -->
	<xsl:key name="holder" match="n:notice/*/*[*][not(parent::n:child or parent::n:episode or parent::n:header or self::n:last-seen or self::n:informant)] |
		n:child/n:relative | n:child/n:unborn | n:child/n:status" use="local-name()"/>

	<xsl:template match="/n:notice">
		<page id="{@id}" kind="{@kind}">
			<title><xsl:apply-templates select="@kind" mode="title"/></title>
			<marking>
				<xsl:choose>
					<xsl:when test="string(n:header/n:marking)"><xsl:value-of select="n:header/n:marking"/></xsl:when>
					<xsl:otherwise>OFFICIAL-SENSITIVE</xsl:otherwise>
				</xsl:choose>
			</marking>
			<section title="What to do now"><part id="do"/><part id="ring"/></section>
			<section title="Key facts"><part id="key-1"/><part id="key-2"/><part id="key-3"/></section>
			<section title="What happened"><part id="what"/><part id="other"/></section>
			<xsl:apply-templates select="*[not(self::n:child)]/*" mode="holder"/>
			<section title="Risk and vulnerability"><part id="risk-1"/><part id="risk-2"/></section>
			<section title="Episode"><part id="episode"/></section>
			<xsl:apply-templates select="n:child/n:unborn | n:child/n:status" mode="holder"/>
			<section title="Description"><part id="description-1"/><part id="description-2"/><part id="photograph"/></section>
			<section title="Health and disability"><part id="health"/></section>
			<section title="Home and contact"><part id="contact"/></section>
			<section title="Care and placement"><part id="care"/><part id="placement"/></section>
			<section title="Workers"><part id="workers"/></section>
			<xsl:apply-templates select="n:child/n:relative" mode="holder"/>
			<section title="Other people"><part id="people-1"/><part id="people-2"/></section>
			<section title="Identity and background"><part id="identity"/></section>
			<section title="Sharing, consent and wishes"><part id="sharing"/></section>
			<section title="Authorities"><part id="authorities"/></section>
			<section title="Not shared in this copy"><part id="withheld"/></section>
			<section title="About this report"><part id="about"/></section>
			<xsl:apply-templates select="n:child/@looked-after | @id" mode="field"/>
			<xsl:apply-templates select="*" mode="walk"/>
		</page>
	</xsl:template>

	<!-- The first of its name makes the section for all; where there are several, they are numbered. -->
	<xsl:template match="*" mode="holder">
		<xsl:if test="generate-id() = generate-id(key('holder', local-name())[1])">
			<section>
				<xsl:attribute name="title"><xsl:apply-templates select="." mode="title"/></xsl:attribute>
				<xsl:for-each select="key('holder', local-name())">
					<xsl:apply-templates select="*" mode="walk">
						<xsl:with-param name="number"><xsl:if test="last() &gt; 1"><xsl:value-of select="concat(position(), '. ')"/></xsl:if></xsl:with-param>
						<xsl:with-param name="held" select="true()"/>
					</xsl:apply-templates>
				</xsl:for-each>
			</section>
		</xsl:if>
	</xsl:template>

	<!-- Down to what holds words or attributes. Holders have been walked where their section stands. -->
	<xsl:template match="*" mode="walk">
		<xsl:param name="number"/>
		<xsl:param name="held" select="false()"/>
		<xsl:param name="before"/>
		<xsl:choose>
			<xsl:when test="*">
				<xsl:variable name="prefix"><xsl:apply-templates select="." mode="prefix"><xsl:with-param name="held" select="$held"/></xsl:apply-templates></xsl:variable>
				<xsl:apply-templates select="*" mode="walk">
					<xsl:with-param name="number" select="$number"/>
					<xsl:with-param name="held" select="$held"/>
					<xsl:with-param name="before" select="concat($before, $prefix)"/>
				</xsl:apply-templates>
			</xsl:when>
			<xsl:when test="string(.) or @*">
				<xsl:apply-templates select="." mode="field">
					<xsl:with-param name="before" select="concat($number, $before)"/>
					<xsl:with-param name="held" select="$held"/>
				</xsl:apply-templates>
			</xsl:when>
		</xsl:choose>
	</xsl:template>
	<xsl:template match="n:notice/*/*[*][not(parent::n:child or parent::n:episode or parent::n:header or self::n:last-seen or self::n:informant)] |
		n:child/n:relative | n:child/n:unborn | n:child/n:status" mode="walk" priority="1"/>
	<xsl:template match="* | @*" mode="field">
		<xsl:param name="before"/>
		<xsl:param name="held" select="false()"/>
		<field>
			<xsl:if test="not($held)"><xsl:attribute name="part"><xsl:apply-templates select="." mode="part"/></xsl:attribute></xsl:if>
			<label><xsl:value-of select="$before"/><xsl:apply-templates select="." mode="label"/></label>
			<value><xsl:apply-templates select="." mode="value"/></value>
		</field>
	</xsl:template>

	<!-- What stands before the label of all below: within a section of its own, every element that holds others; elsewhere the worker. -->
	<xsl:template match="*" mode="prefix">
		<xsl:param name="held"/>
		<xsl:if test="$held">
			<xsl:call-template name="words"><xsl:with-param name="name" select="local-name()"/></xsl:call-template>
			<xsl:text>, </xsl:text>
		</xsl:if>
	</xsl:template>
	<xsl:template match="n:child/*[n:name or n:role or n:organisation or n:telephone or n:email or n:address or n:team][not(self::n:placement)] | n:episode/n:officer" mode="prefix">
		<xsl:apply-templates select="." mode="label"/>
		<xsl:text>, </xsl:text>
	</xsl:template>

	<!-- Which part of the page a field is in. -->
	<xsl:template match="* | @*" mode="part">identity</xsl:template>
	<xsl:template match="n:notice/*/* | n:notice/*/*//*" mode="part" priority="-0.4">what</xsl:template>
	<xsl:template match="n:notice/*/n:other" mode="part" priority="1">other</xsl:template>
	<xsl:template match="n:child//*" mode="part" priority="2">identity</xsl:template>
	<xsl:template match="n:header//*" mode="part" priority="2">about</xsl:template>
	<xsl:template match="n:header/n:marking" mode="part" priority="3">about</xsl:template>
	<xsl:template match="@id" mode="part" priority="2">about</xsl:template>
	<xsl:template match="n:authorities/*" mode="part" priority="2">authorities</xsl:template>
	<xsl:template match="n:sharing/*" mode="part" priority="2">sharing</xsl:template>
	<xsl:template match="n:withheld" mode="part" priority="2">withheld</xsl:template>
	<xsl:template match="n:attachment" mode="part" priority="2">photograph</xsl:template>
	<xsl:template match="n:notice/n:episode//*" mode="part" priority="2">episode</xsl:template>
	<xsl:template match="n:child/n:name/* | n:child/n:date-of-birth | n:child/n:age" mode="part" priority="3">key-1</xsl:template>
	<xsl:template match="n:notice/n:episode/n:risk" mode="part" priority="3">key-2</xsl:template>
	<xsl:template match="n:notice/n:episode/n:police-reference | n:missing/n:last-seen/n:when | n:missing/n:last-seen/n:where | n:notice/n:missing/n:missing-from |
		n:notice/n:found/n:when | n:notice/n:found/n:where | n:notice/n:found/n:how | n:notice/n:found/n:returned-to | n:notice/n:found/n:returned-at |
		n:absence/n:since | n:absence/n:whereabouts | n:update/n:new-risk | n:interview/n:outcome | n:placement-notice/n:change | n:placement-notice/n:starts |
		n:placement-notice/n:ends | n:meeting/n:type | n:meeting/n:when | n:escalation/n:trigger | n:escalation/n:count | n:escalation/n:missing-since |
		n:alert/n:cancelled | n:answer/n:state | n:answer/n:reason" mode="part" priority="3">key-3</xsl:template>
	<xsl:template match="n:delivery/n:do | n:operation/n:do" mode="part" priority="3">do</xsl:template>
	<xsl:template match="n:delivery/n:ring" mode="part" priority="3">ring</xsl:template>
	<xsl:template match="n:delivery/* | n:operation/*" mode="part" priority="2.5">key-3</xsl:template>
	<xsl:template match="n:delivery/n:log-head | n:delivery/n:copy-hash | n:operation/n:name" mode="part" priority="3">about</xsl:template>
	<xsl:template match="n:notice/n:episode/n:risk-reason | n:notice/n:episode/n:rag" mode="part" priority="3">risk-1</xsl:template>
	<xsl:template match="n:missing/n:concern | n:missing/n:vulnerability | n:missing/n:victim-of-crime | n:missing/n:victim-of-abuse | n:missing/n:danger-to-others |
		n:missing/n:previous-harm | n:missing/n:abduction | n:notice/n:found/n:harm | n:notice/n:found/n:crime | n:missing/n:offending | n:missing/n:exploitation |
		n:missing/n:self-harm | n:missing/n:substance-use | n:notice/n:found/n:exploitation | n:notice/n:found/n:self-harm | n:notice/n:found/n:substance-use" mode="part" priority="3">risk-2</xsl:template>
	<xsl:template match="n:child/n:sex | n:child/n:gender | n:child/n:languages | n:child/n:interpreter" mode="part" priority="3">description-1</xsl:template>
	<xsl:template match="n:child/n:description/*" mode="part" priority="3">description-2</xsl:template>
	<xsl:template match="n:child/n:photograph" mode="part" priority="3">photograph</xsl:template>
	<xsl:template match="n:missing/n:medical-needs | n:notice/n:found/n:condition | n:child/n:health/* | n:child/n:disability | n:child/n:disability-kind" mode="part" priority="3">health</xsl:template>
	<xsl:template match="n:child/n:home-address | n:child/n:previous-address | n:child/n:confidential-address | n:child/n:telephone | n:child/n:email |
		n:child/n:online-identity | n:child/n:school | n:child/n:school-address | n:child/n:school-telephone" mode="part" priority="3">contact</xsl:template>
	<xsl:template match="@looked-after | n:child/n:legal-status | n:child/n:immigration-status | n:child/n:child-protection | n:child/n:care-plan | n:child/n:need |
		n:child/n:ehc-plan | n:child/n:ehc-plan-authority" mode="part" priority="3">care</xsl:template>
	<xsl:template match="n:child/n:placement/*" mode="part" priority="3">placement</xsl:template>
	<xsl:template match="n:child/n:social-worker/* | n:child/n:personal-adviser/* | n:child/n:iro/* | n:child/n:gp/* | n:child/n:professional/* | n:child/n:school-contact/* |
		n:notice/n:episode/n:officer/*" mode="part" priority="3">workers</xsl:template>
	<xsl:template match="n:missing/n:last-seen/n:by | n:missing/n:last-seen/n:with | n:notice/n:found/n:by | n:notice/n:found/n:companions" mode="part" priority="3">people-1</xsl:template>
	<xsl:template match="n:missing/n:associates | n:missing/n:family | n:missing/n:alleged-perpetrator | n:missing/n:informant/*" mode="part" priority="3">people-2</xsl:template>

	<!-- Titles: of the page by kind, of a section by its holder. -->
	<xsl:template match="* | @*" mode="title">
		<xsl:call-template name="words"><xsl:with-param name="name" select="local-name()"/></xsl:call-template>
	</xsl:template>
	<xsl:template match="@kind" mode="title">
		<xsl:call-template name="words"><xsl:with-param name="name" select="."/></xsl:call-template>
	</xsl:template>
	<xsl:template match="@kind[. = 'missing']" mode="title">Missing child report</xsl:template>
	<xsl:template match="@kind[. = 'missing-onward']" mode="title">Missing child: told on to the responsible authority</xsl:template>
	<xsl:template match="@kind[. = 'high-risk']" mode="title">HIGH RISK missing child</xsl:template>
	<xsl:template match="@kind[. = 'found']" mode="title">Child found</xsl:template>
	<xsl:template match="@kind[. = 'found-onward']" mode="title">Child found: told on to the responsible authority</xsl:template>
	<xsl:template match="@kind[. = 'absence']" mode="title">Child away without authorisation</xsl:template>
	<xsl:template match="@kind[. = 'return-interview']" mode="title">Return home interview</xsl:template>
	<xsl:template match="@kind[. = 'return-interview-request']" mode="title">Return home interview: request</xsl:template>
	<xsl:template match="@kind[. = 'return-interview-outcome']" mode="title">Return home interview: outcome</xsl:template>
	<xsl:template match="@kind[. = 'home-admission']" mode="title">Admission to a children's home</xsl:template>
	<xsl:template match="@kind[. = 'home-discharge']" mode="title">Discharge from a children's home</xsl:template>
	<xsl:template match="@kind[. = 'nrm']" mode="title">Referral to the National Referral Mechanism</xsl:template>
	<xsl:template match="@kind[. = 'home-office']" mode="title">Notice to the Home Office</xsl:template>
	<xsl:template match="@kind[. = 'recall']" mode="title">RECALL: do not use the earlier notice</xsl:template>
	<xsl:template match="@kind[. = 'form-return']" mode="title">Form returned to be completed</xsl:template>
	<xsl:template match="@kind[. = 'review-overdue']" mode="title">OVERDUE: nobody has decided about a notice</xsl:template>
	<xsl:template match="@kind[. = 'not-confirmed']" mode="title">NOT CONFIRMED: ring, somebody may not have a notice</xsl:template>
	<xsl:template match="@kind[. = 'receipt']" mode="title">How far a notice has come</xsl:template>
	<xsl:template match="@kind[. = 'alert']" mode="title">ALERT: something is wrong with the gateway</xsl:template>
	<xsl:template match="@kind[. = 'alert'][../n:operation/n:state = 'cleared']" mode="title" priority="1">CLEARED: an alert of the gateway is over</xsl:template>
	<xsl:template match="n:account" mode="title">The child's account</xsl:template>
	<xsl:template match="n:return" mode="title">Coming back</xsl:template>
	<xsl:template match="n:carer-account" mode="title">The carer's account</xsl:template>
	<xsl:template match="n:sexual-activity" mode="title">Sexual activity: for named people only</xsl:template>
	<xsl:template match="n:held" mode="title">The interview</xsl:template>
	<xsl:template match="n:found/n:why" mode="title">Reasons for going</xsl:template>
	<xsl:template match="n:found/n:away" mode="title">While away</xsl:template>
	<xsl:template match="n:found/n:back" mode="title">Reasons for returning</xsl:template>
	<xsl:template match="n:found/n:safety" mode="title">Vulnerability</xsl:template>
	<xsl:template match="n:agency" mode="title">Agencies</xsl:template>
	<xsl:template match="n:associate" mode="title">Friends and associates</xsl:template>
	<xsl:template match="n:suspect" mode="title">People of concern</xsl:template>
	<xsl:template match="n:vehicle" mode="title">Vehicles</xsl:template>
	<xsl:template match="n:place" mode="title">Places</xsl:template>
	<xsl:template match="n:check" mode="title">Checks in this episode</xsl:template>
	<xsl:template match="n:action" mode="title">Actions</xsl:template>
	<xsl:template match="n:attendee" mode="title">People at the meeting</xsl:template>
	<xsl:template match="n:entry" mode="title">Children</xsl:template>
	<xsl:template match="n:item" mode="title">Places in the notice</xsl:template>
	<xsl:template match="n:escalation/n:episode" mode="title">Earlier episodes</xsl:template>
	<xsl:template match="n:relative" mode="title">Family</xsl:template>
	<xsl:template match="n:status" mode="title">Groups the child belongs to</xsl:template>
	<xsl:template match="n:unborn" mode="title">Unborn child</xsl:template>
	<xsl:template match="n:plan" mode="title">Plan for going missing</xsl:template>

	<!-- Labels: the element's name in words unless something better stands here. -->
	<xsl:template match="* | @*" mode="label">
		<xsl:call-template name="words"><xsl:with-param name="name" select="local-name()"/></xsl:call-template>
	</xsl:template>
	<xsl:template name="words">
		<xsl:param name="name"/>
		<xsl:value-of select="translate(substring($name, 1, 1), $lower, $upper)"/>
		<xsl:value-of select="translate(substring($name, 2), '-', ' ')"/>
	</xsl:template>
	<xsl:template match="n:name/n:full" mode="label">Name</xsl:template>
	<xsl:template match="n:episode/n:risk | n:entry/n:risk" mode="label">Risk level</xsl:template>
	<xsl:template match="n:episode/n:risk-reason" mode="label">Why this level</xsl:template>
	<xsl:template match="n:last-seen/n:when" mode="label">Last seen</xsl:template>
	<xsl:template match="n:last-seen/n:where" mode="label">Last seen at</xsl:template>
	<xsl:template match="n:last-seen/n:by" mode="label">Last seen by</xsl:template>
	<xsl:template match="n:last-seen/n:with" mode="label">Was with</xsl:template>
	<xsl:template match="n:found/n:when" mode="label">Found</xsl:template>
	<xsl:template match="n:found/n:where" mode="label">Found at</xsl:template>
	<xsl:template match="n:found/n:by" mode="label">Found by</xsl:template>
	<xsl:template match="n:found/n:how" mode="label">How found</xsl:template>
	<xsl:template match="n:returned-at" mode="label">Returned</xsl:template>
	<xsl:template match="n:refused-return" mode="label">Refused to return</xsl:template>
	<xsl:template match="n:found/n:condition" mode="label">Condition when found</xsl:template>
	<xsl:template match="n:found/n:whereabouts" mode="label">Where the child had been</xsl:template>
	<xsl:template match="n:found/n:reasons" mode="label">Reasons the child gave</xsl:template>
	<xsl:template match="n:not-interviewed-reason" mode="label">Why not interviewed</xsl:template>
	<xsl:template match="n:concern" mode="label">Particular concern</xsl:template>
	<xsl:template match="n:missing/n:money" mode="label">Access to money</xsl:template>
	<xsl:template match="n:missing/n:places" mode="label">Places the child may go</xsl:template>
	<xsl:template match="n:associates" mode="label">Friends and associates</xsl:template>
	<xsl:template match="n:episode/n:reported" mode="label">Reported to police</xsl:template>
	<xsl:template match="n:nhs-number" mode="label">NHS number</xsl:template>
	<xsl:template match="n:local-id" mode="label">Number in own records</xsl:template>
	<xsl:template match="n:confidential-address" mode="label">CONFIDENTIAL address</xsl:template>
	<xsl:template match="n:attachment" mode="label">Photograph attached</xsl:template>
	<xsl:template match="n:online-identity" mode="label">Online name</xsl:template>
	<xsl:template match="@looked-after" mode="label">Looked after</xsl:template>
	<xsl:template match="n:child-protection" mode="label">Child protection plan</xsl:template>
	<xsl:template match="n:mental-health-section" mode="label">Under Mental Health Act</xsl:template>
	<xsl:template match="n:placement/n:type" mode="label">Kind of placement</xsl:template>
	<xsl:template match="n:placement/n:address" mode="label">Placement address</xsl:template>
	<xsl:template match="n:placement/n:telephone" mode="label">Placement telephone</xsl:template>
	<xsl:template match="n:informant/n:name" mode="label">Reported by</xsl:template>
	<xsl:template match="n:informant/n:relationship" mode="label">Who is (to the child)</xsl:template>
	<xsl:template match="n:informant/n:address" mode="label">Their address</xsl:template>
	<xsl:template match="n:informant/n:telephone" mode="label">Their telephone</xsl:template>
	<xsl:template match="n:sharing/n:told" mode="label">Told about sharing</xsl:template>
	<xsl:template match="n:sharing/n:consent" mode="label">Consent to share</xsl:template>
	<xsl:template match="n:sharing/n:wishes" mode="label">Child's wishes</xsl:template>
	<xsl:template match="n:placing" mode="label">Responsible authority</xsl:template>
	<xsl:template match="n:host" mode="label">Authority of the area</xsl:template>
	<xsl:template match="n:authorities/n:police[@area = 'placing']" mode="label">Police, responsible area</xsl:template>
	<xsl:template match="n:authorities/n:police" mode="label" priority="0.4">Police, where child lives</xsl:template>
	<xsl:template match="n:copy-for" mode="label">This copy is for</xsl:template>
	<xsl:template match="n:header/n:keep" mode="label">How long to keep it</xsl:template>
	<xsl:template match="n:sender" mode="label">Sent by</xsl:template>
	<xsl:template match="n:header/n:source" mode="label">Sender's reference</xsl:template>
	<xsl:template match="n:header/n:concerns" mode="label">Earlier notice</xsl:template>
	<xsl:template match="@id" mode="label">Notice number</xsl:template>
	<xsl:template match="n:account/n:led-to" mode="label">What led to being missing</xsl:template>
	<xsl:template match="n:account/n:met" mode="label">Met or spoke to</xsl:template>
	<xsl:template match="n:account/n:could-leave" mode="label">Could have left</xsl:template>
	<xsl:template match="n:account/n:self-harm-ever" mode="label">Self-harm at any time</xsl:template>
	<xsl:template match="n:return/n:prevent" mode="label">What would stop it</xsl:template>
	<xsl:template match="n:return/n:treatment" mode="label">Treated since</xsl:template>
	<xsl:template match="n:return/n:confide" mode="label">Could have spoken to</xsl:template>
	<xsl:template match="n:back/n:sooner" mode="label">Would have returned sooner</xsl:template>
	<xsl:template match="n:safety/n:own-life" mode="label">Thought of taking its life</xsl:template>
	<xsl:template match="n:purposes/n:toolkit" mode="label">Exploitation toolkit used</xsl:template>
	<xsl:template match="n:iro" mode="label">Independent reviewing officer</xsl:template>
	<xsl:template match="n:gp" mode="label">GP</xsl:template>
	<xsl:template match="n:new-gp" mode="label">New GP</xsl:template>
	<xsl:template match="n:professional" mode="label">Professional</xsl:template>
	<xsl:template match="n:pupil-number" mode="label">Unique pupil number</xsl:template>
	<xsl:template match="n:mother-nhs-number" mode="label">Mother's NHS number</xsl:template>
	<xsl:template match="n:ehc-plan" mode="label">EHC plan</xsl:template>
	<xsl:template match="n:ehc-plan-authority" mode="label">EHC plan kept by</xsl:template>
	<xsl:template match="n:ofsted-urn" mode="label">Ofsted number (URN)</xsl:template>
	<xsl:template match="n:need" mode="label">Category of need</xsl:template>
	<xsl:template match="n:genital-mutilation" mode="label">Female genital mutilation</xsl:template>
	<xsl:template match="n:forced-marriage" mode="label">Forced marriage or honour violence</xsl:template>
	<xsl:template match="n:referred-to-nrm" mode="label">Referred to NRM</xsl:template>
	<xsl:template match="n:unaccompanied" mode="label">Unaccompanied asylum seeker</xsl:template>
	<xsl:template match="n:other-authority" mode="label">Child of another authority</xsl:template>
	<xsl:template match="n:turned-18" mode="label">Turned 18 while missing</xsl:template>
	<xsl:template match="n:rag" mode="label">Grade of the safeguarding hub</xsl:template>
	<xsl:template match="n:episode/n:kind | n:absence/n:kind" mode="label">Counted as</xsl:template>
	<xsl:template match="n:escalation/n:window" mode="label">In days</xsl:template>
	<xsl:template match="n:escalation/n:count" mode="label">Episodes</xsl:template>
	<xsl:template match="n:marking" mode="label">Handling</xsl:template>
	<xsl:template match="n:delivery/n:do | n:operation/n:do" mode="label">Do this</xsl:template>
	<xsl:template match="n:delivery/n:missing" mode="label">Not confirmed that</xsl:template>
	<xsl:template match="n:delivery/n:level" mode="label">How far it has got</xsl:template>
	<xsl:template match="n:delivery/n:kind" mode="label">Kind of notice</xsl:template>
	<xsl:template match="n:delivery/n:recipient" mode="label">It is for</xsl:template>
	<xsl:template match="n:delivery/n:since" mode="label">Ready since</xsl:template>
	<xsl:template match="n:delivery/n:by" mode="label">Acknowledged by</xsl:template>
	<xsl:template match="n:delivery/n:reason" mode="label">What was said</xsl:template>
	<xsl:template match="n:delivery/n:copy-hash" mode="label">Hash of that notice</xsl:template>
	<xsl:template match="n:delivery/n:log-head" mode="label">Head of the log there</xsl:template>
	<xsl:template match="n:operation/n:what" mode="label">What is wrong</xsl:template>
	<xsl:template match="n:operation[n:state = 'cleared']/n:what" mode="label" priority="1">What was wrong</xsl:template>
	<xsl:template match="n:operation/n:name" mode="label">Name of the alert</xsl:template>
	<xsl:template match="n:header/n:to" mode="label">Addressed to</xsl:template>
	<xsl:template match="n:withheld" mode="label">
		<xsl:call-template name="words"><xsl:with-param name="name" select="@category"/></xsl:call-template>
	</xsl:template>

	<!-- Values: what was said, and beside it what an attribute adds. -->
	<xsl:template match="@*" mode="value">
		<xsl:value-of select="."/>
	</xsl:template>
	<xsl:template match="@looked-after" mode="value">
		<xsl:choose>
			<xsl:when test=". = 'true'">Yes</xsl:when>
			<xsl:when test=". = 'false'">No</xsl:when>
			<xsl:otherwise>Not known</xsl:otherwise>
		</xsl:choose>
	</xsl:template>
	<xsl:template match="*" mode="value">
		<xsl:variable name="said" select="normalize-space(.)"/>
		<xsl:variable name="meaning" select="r:meaning(.)"/>
		<xsl:if test="@answer">
			<xsl:variable name="answer"><xsl:call-template name="words"><xsl:with-param name="name" select="string(@answer)"/></xsl:call-template></xsl:variable>
			<xsl:if test="not(starts-with(translate($said, $upper, $lower), translate($answer, $upper, $lower)))">
				<xsl:value-of select="$answer"/>
				<xsl:if test="$said"> - </xsl:if>
			</xsl:if>
		</xsl:if>
		<xsl:choose>
			<xsl:when test="not($said) and $meaning"><xsl:value-of select="$meaning"/></xsl:when>
			<xsl:when test="not(@*) and $meaning"><xsl:value-of select="$meaning"/></xsl:when>
			<xsl:when test="not($said) and @said"><xsl:value-of select="@said"/></xsl:when>
			<xsl:when test="string-length(.) = 10 and translate(., '0123456789', 'dddddddddd') = 'dddd-dd-dd'">
				<xsl:call-template name="day"/>
			</xsl:when>
			<xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
		</xsl:choose>
		<!-- Public codes are short; our own are words, and said already. -->
		<xsl:if test="@code and (string-length(@code) &lt;= 4 or not($said or $meaning))">
			<xsl:if test="$said or $meaning"><xsl:text> </xsl:text></xsl:if>
			<xsl:value-of select="concat('(', @code, ')')"/>
		</xsl:if>
		<xsl:if test="@scheme | @network | @force"><xsl:value-of select="concat(' (', @scheme | @network | @force, ')')"/></xsl:if>
		<xsl:if test="@postcode and not(contains(., @postcode))"><xsl:value-of select="concat(', ', @postcode)"/></xsl:if>
		<xsl:if test="@value">
			<xsl:if test="$said"><xsl:text> </xsl:text></xsl:if>
			<xsl:value-of select="concat('[', r:london(string(@value)), ']')"/>
		</xsl:if>
	</xsl:template>
	<xsl:template match="n:sent | n:received | n:handed-over | n:opened | n:acknowledged | n:delivery/n:since | n:operation/n:since" mode="value">
		<xsl:value-of select="r:london(string(.))"/>
	</xsl:template>
	<xsl:template name="day">
		<xsl:value-of select="number(substring(., 9, 2))"/>
		<xsl:text> </xsl:text>
		<xsl:value-of select="normalize-space(substring('January  February March    April    May      June     July     August   SeptemberOctober  November December ',
			(number(substring(., 6, 2)) - 1) * 9 + 1, 9))"/>
		<xsl:value-of select="concat(' ', substring(., 1, 4))"/>
	</xsl:template>
	<xsl:template match="n:episode/n:risk | n:entry/n:risk | n:new-risk | n:previous-risk | n:wanted-risk" mode="value">
		<xsl:choose>
			<xsl:when test=". = 'NAR'">No apparent risk</xsl:when>
			<xsl:when test=". = 'VLOW'">Very low</xsl:when>
			<xsl:when test=". = 'LOW'">Low</xsl:when>
			<xsl:when test=". = 'MEDIUM'">MEDIUM</xsl:when>
			<xsl:when test=". = 'HIGH'">HIGH</xsl:when>
		</xsl:choose>
		<xsl:if test="@said"><xsl:value-of select="concat(' - ', @said)"/></xsl:if>
		<xsl:if test="@scheme"><xsl:value-of select="concat(' (', @scheme, ')')"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:nhs-number | n:mother-nhs-number" mode="value">
		<xsl:value-of select="concat(substring(., 1, 3), ' ', substring(., 4, 3), ' ', substring(., 7))"/>
	</xsl:template>
	<xsl:template match="n:attachment" mode="value"><xsl:value-of select="@name"/></xsl:template>
	<xsl:template match="n:sharing/n:told" mode="value">
		<xsl:value-of select="."/>
		<xsl:if test="@by"><xsl:value-of select="concat(' (by ', @by, ')')"/></xsl:if>
		<xsl:if test="@at"><xsl:value-of select="concat(' (', @at, ')')"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:sharing/n:consent" mode="value">
		<xsl:choose>
			<xsl:when test="@to = '*'">With everybody: </xsl:when>
			<xsl:otherwise><xsl:value-of select="concat('With ', translate(@to, '-', ' '), ': ')"/></xsl:otherwise>
		</xsl:choose>
		<xsl:value-of select="translate(@state, '-', ' ')"/>
		<xsl:if test="@categories"><xsl:value-of select="concat(', for ', @categories)"/></xsl:if>
		<xsl:if test="@until"><xsl:text>, until </xsl:text><xsl:for-each select="@until"><xsl:choose>
			<xsl:when test="string-length(.) = 10 and translate(., '0123456789', 'dddddddddd') = 'dddd-dd-dd'"><xsl:call-template name="day"/></xsl:when>
			<xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
		</xsl:choose></xsl:for-each></xsl:if>
		<xsl:if test="@by"><xsl:value-of select="concat(' (answered by ', @by, ')')"/></xsl:if>
		<xsl:if test="@answered-by"><xsl:value-of select="concat(' (', translate(@answered-by, '-', ' '), ')')"/></xsl:if>
		<xsl:if test="@competent"><xsl:value-of select="concat(' (judged able to decide: ', translate(@competent, '-', ' '), ')')"/></xsl:if>
		<xsl:if test="@form"><xsl:value-of select="concat(' (', translate(@form, '-', ' '), ')')"/></xsl:if>
		<xsl:if test="@at"><xsl:value-of select="concat(' [', r:london(string(@at)), ']')"/></xsl:if>
		<xsl:if test="@reason"><xsl:value-of select="concat(' - ', @reason)"/></xsl:if>
		<xsl:if test="string(.)"><xsl:value-of select="concat(' - ', .)"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:placing | n:host | n:authorities/n:police | n:ehc-plan-authority" mode="value">
		<xsl:choose>
			<xsl:when test="@name"><xsl:value-of select="concat(@name, ' (', ., ')')"/></xsl:when>
			<xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
		</xsl:choose>
	</xsl:template>
	<xsl:template match="n:delivery/n:ring" mode="value">
		<xsl:if test="@telephone"><xsl:value-of select="concat(@telephone, ' - ')"/></xsl:if>
		<xsl:value-of select="."/>
	</xsl:template>
	<xsl:template match="n:delivery/n:recipient" mode="value">
		<xsl:value-of select="concat(., ' (', @organisation)"/>
		<xsl:if test="@desk"><xsl:value-of select="concat(', ', @desk)"/></xsl:if>
		<xsl:text>)</xsl:text>
	</xsl:template>
	<xsl:template match="n:delivery/n:kind" mode="value"><xsl:value-of select="translate(., '-', ' ')"/></xsl:template>
	<xsl:template match="n:header/n:to" mode="value">
		<xsl:value-of select="@organisation"/>
		<xsl:if test="@desk"><xsl:value-of select="concat(', ', @desk)"/></xsl:if>
		<xsl:if test="@role"><xsl:value-of select="concat(' (', @role, ')')"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:sender | n:copy-for" mode="value">
		<xsl:value-of select="@organisation"/>
		<xsl:if test="@desk"><xsl:value-of select="concat(', ', @desk)"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:header/n:source" mode="value">
		<xsl:value-of select="@reference"/>
		<xsl:if test="@system"><xsl:value-of select="concat(' (', @system, ')')"/></xsl:if>
	</xsl:template>
	<!-- P6Y, P18M, P90D -->
	<xsl:template match="n:header/n:keep" mode="value">
		<xsl:variable name="number" select="substring(., 2, string-length(.) - 2)"/>
		<xsl:value-of select="concat('This copy may be kept for ', $number)"/>
		<xsl:choose>
			<xsl:when test="contains(., 'Y')"> year</xsl:when>
			<xsl:when test="contains(., 'M')"> month</xsl:when>
			<xsl:otherwise> day</xsl:otherwise>
		</xsl:choose>
		<xsl:if test="$number != '1'">s</xsl:if>
		<xsl:text>.</xsl:text>
	</xsl:template>
	<xsl:template match="n:header/n:concerns" mode="value">
		<xsl:value-of select="concat('This ', @relation, ' ', @id)"/>
	</xsl:template>
</xsl:stylesheet>
