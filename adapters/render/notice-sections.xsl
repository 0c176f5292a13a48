<?xml version="1.0" encoding="UTF-8"?>
<!-- What of a notice a person reads, in which order and under which plain English label. Gives a <page> of sections and fields that
     notice-html.xsl and notice-text.xsl only lay out. A section without fields vanishes. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:n="urn:wardgate:notice:1" xmlns:r="urn:wardgate:render:1"
	exclude-result-prefixes="n r">
	<xsl:output method="xml" encoding="UTF-8"/>
	<xsl:variable name="lower" select="'abcdefghijklmnopqrstuvwxyz'"/>
	<xsl:variable name="upper" select="'ABCDEFGHIJKLMNOPQRSTUVWXYZ'"/>

	<xsl:template match="/n:notice">
		<page id="{@id}" kind="{@kind}">
			<title>
				<xsl:choose>
					<xsl:when test="n:missing">Missing child report</xsl:when>
					<xsl:otherwise>Child found</xsl:otherwise>
				</xsl:choose>
			</title>
			<marking>
				<xsl:choose>
					<xsl:when test="string(n:header/n:marking)"><xsl:value-of select="n:header/n:marking"/></xsl:when>
					<xsl:otherwise>OFFICIAL-SENSITIVE</xsl:otherwise>
				</xsl:choose>
			</marking>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Key facts'"/>
				<xsl:with-param name="first" select="n:child/n:name/* | n:child/n:date-of-birth | n:child/n:age"/>
				<xsl:with-param name="second" select="n:episode/n:risk"/>
				<xsl:with-param name="third" select="n:episode/n:police-reference | n:missing/n:last-seen/n:when | n:missing/n:last-seen/n:where | n:missing/n:missing-from |
					n:found/n:when | n:found/n:where | n:found/n:how | n:found/n:returned-to | n:found/n:returned-at"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'What happened'"/>
				<xsl:with-param name="first" select="n:missing/n:circumstances | n:missing/n:out-of-character | n:missing/n:intentions |
					n:missing/n:items-taken | n:missing/n:places | n:missing/n:transport | n:missing/n:money | n:missing/n:steps-taken |
					n:found/n:refused-return | n:found/n:whereabouts | n:found/n:reasons | n:found/n:prevention-interview |
					n:found/n:not-interviewed-reason | n:found/n:next-steps"/>
				<xsl:with-param name="second" select="n:missing/n:other | n:found/n:other"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Risk and vulnerability'"/>
				<xsl:with-param name="first" select="n:episode/n:risk-reason"/>
				<xsl:with-param name="second" select="n:missing/n:concern | n:missing/n:victim-of-crime | n:missing/n:victim-of-abuse |
					n:missing/n:danger-to-others | n:missing/n:previous-harm | n:found/n:harm | n:found/n:crime | n:missing/n:offending"/>
				<xsl:with-param name="third" select="(n:missing | n:found)/*[self::n:exploitation or self::n:self-harm or self::n:substance-use]"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Episode'"/>
				<xsl:with-param name="first" select="n:episode/n:reported | n:episode/n:previous-episodes"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Description'"/>
				<xsl:with-param name="first" select="n:child/n:sex | n:child/n:gender | n:child/n:languages"/>
				<xsl:with-param name="second" select="n:child/n:description/*"/>
				<xsl:with-param name="third" select="n:child/n:photograph | n:attachment"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Health and disability'"/>
				<xsl:with-param name="first" select="n:missing/n:medical-needs | n:found/n:condition"/>
				<xsl:with-param name="second" select="n:child/n:health/* | n:child/n:disability"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Home and contact'"/>
				<xsl:with-param name="first" select="n:child/n:home-address | n:child/n:confidential-address | n:child/n:telephone | n:child/n:email |
					n:child/n:online-identity | n:child/n:school"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Care and placement'"/>
				<xsl:with-param name="first" select="n:child/@looked-after | n:child/n:legal-status | n:child/n:child-protection | n:child/n:care-plan"/>
				<xsl:with-param name="second" select="n:child/n:placement/*"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Social worker'"/>
				<xsl:with-param name="first" select="n:child/n:social-worker/*"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Other people'"/>
				<xsl:with-param name="first" select="n:missing/n:last-seen/n:by | n:missing/n:last-seen/n:with | n:found/n:by | n:found/n:companions"/>
				<xsl:with-param name="second" select="n:missing/n:associates | n:missing/n:family | n:missing/n:alleged-perpetrator"/>
				<xsl:with-param name="third" select="n:missing/n:informant/*"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Identity and background'"/>
				<xsl:with-param name="first" select="n:child/n:nhs-number | n:child/n:local-id"/>
				<xsl:with-param name="second" select="n:child/n:ethnicity | n:child/n:religion | n:child/n:sexual-orientation"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Sharing, consent and wishes'"/>
				<xsl:with-param name="first" select="n:sharing/*"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Authorities'"/>
				<xsl:with-param name="first" select="n:authorities/*"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'Not shared in this copy'"/>
				<xsl:with-param name="first" select="n:withheld"/>
			</xsl:call-template>
			<xsl:call-template name="section">
				<xsl:with-param name="title" select="'About this report'"/>
				<xsl:with-param name="first" select="n:header/n:copy-for | n:header/n:sender | n:header/n:source | n:header/n:sent | n:header/n:received |
					n:header/n:concerns"/>
				<xsl:with-param name="second" select="@id"/>
			</xsl:call-template>
		</page>
	</xsl:template>

	<!-- Fields come in the order of the three groups, and in that of the notice within a group. -->
	<xsl:template name="section">
		<xsl:param name="title"/>
		<xsl:param name="first"/>
		<xsl:param name="second" select="/.."/>
		<xsl:param name="third" select="/.."/>
		<xsl:if test="$first | $second | $third">
			<section title="{$title}">
				<xsl:apply-templates select="$first" mode="field"/>
				<xsl:apply-templates select="$second" mode="field"/>
				<xsl:apply-templates select="$third" mode="field"/>
			</section>
		</xsl:if>
	</xsl:template>

	<xsl:template match="* | @*" mode="field">
		<field>
			<label><xsl:apply-templates select="." mode="label"/></label>
			<value><xsl:apply-templates select="." mode="value"/></value>
		</field>
	</xsl:template>

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
	<xsl:template match="n:risk" mode="label">Risk level</xsl:template>
	<xsl:template match="n:risk-reason" mode="label">Why this level</xsl:template>
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
	<xsl:template match="n:whereabouts" mode="label">Where the child had been</xsl:template>
	<xsl:template match="n:reasons" mode="label">Reasons the child gave</xsl:template>
	<xsl:template match="n:not-interviewed-reason" mode="label">Why not interviewed</xsl:template>
	<xsl:template match="n:concern" mode="label">Particular concern</xsl:template>
	<xsl:template match="n:money" mode="label">Access to money</xsl:template>
	<xsl:template match="n:places" mode="label">Places the child may go</xsl:template>
	<xsl:template match="n:associates" mode="label">Friends and associates</xsl:template>
	<xsl:template match="n:reported" mode="label">Reported to police</xsl:template>
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
	<xsl:template match="n:told" mode="label">Told about sharing</xsl:template>
	<xsl:template match="n:consent" mode="label">Consent to share</xsl:template>
	<xsl:template match="n:wishes" mode="label">Child's wishes</xsl:template>
	<xsl:template match="n:placing" mode="label">Responsible authority</xsl:template>
	<xsl:template match="n:host" mode="label">Authority of the area</xsl:template>
	<xsl:template match="n:police[@area = 'placing']" mode="label">Police, responsible area</xsl:template>
	<xsl:template match="n:police" mode="label">Police, where child lives</xsl:template>
	<xsl:template match="n:copy-for" mode="label">This copy is for</xsl:template>
	<xsl:template match="n:sender" mode="label">Sent by</xsl:template>
	<xsl:template match="n:source" mode="label">Sender's reference</xsl:template>
	<xsl:template match="n:concerns" mode="label">Earlier notice</xsl:template>
	<xsl:template match="@id" mode="label">Notice number</xsl:template>
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
		<xsl:variable name="answer"><xsl:call-template name="words"><xsl:with-param name="name" select="string(@answer)"/></xsl:call-template></xsl:variable>
		<xsl:if test="@answer and not(starts-with(translate($said, $upper, $lower), translate($answer, $upper, $lower)))">
			<xsl:value-of select="$answer"/>
			<xsl:if test="$said"> - </xsl:if>
		</xsl:if>
		<xsl:value-of select="."/>
		<xsl:if test="@code">
			<xsl:if test="$said"><xsl:text> </xsl:text></xsl:if>
			<xsl:value-of select="concat('(', @code, ')')"/>
		</xsl:if>
		<xsl:if test="@scheme | @network | @force"><xsl:value-of select="concat(' (', @scheme | @network | @force, ')')"/></xsl:if>
		<xsl:if test="@postcode and not(contains(., @postcode))"><xsl:value-of select="concat(', ', @postcode)"/></xsl:if>
		<xsl:if test="@value">
			<xsl:if test="$said"><xsl:text> </xsl:text></xsl:if>
			<xsl:value-of select="concat('[', r:london(string(@value)), ']')"/>
		</xsl:if>
	</xsl:template>
	<xsl:template match="n:sent | n:received" mode="value">
		<xsl:value-of select="r:london(string(.))"/>
	</xsl:template>
	<xsl:template match="n:date-of-birth" mode="value">
		<xsl:choose>
			<xsl:when test="string(.)">
				<xsl:value-of select="number(substring(., 9, 2))"/>
				<xsl:text> </xsl:text>
				<xsl:value-of select="normalize-space(substring('January  February March    April    May      June     July     August   SeptemberOctober  November December ',
					(number(substring(., 6, 2)) - 1) * 9 + 1, 9))"/>
				<xsl:value-of select="concat(' ', substring(., 1, 4))"/>
			</xsl:when>
			<xsl:otherwise><xsl:value-of select="@said"/></xsl:otherwise>
		</xsl:choose>
	</xsl:template>
	<xsl:template match="n:risk" mode="value">
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
	<xsl:template match="n:sex" mode="value">
		<xsl:choose>
			<xsl:when test=". = 'F'">Female</xsl:when>
			<xsl:when test=". = 'M'">Male</xsl:when>
			<xsl:otherwise>Unknown</xsl:otherwise>
		</xsl:choose>
	</xsl:template>
	<xsl:template match="n:nhs-number" mode="value">
		<xsl:value-of select="concat(substring(., 1, 3), ' ', substring(., 4, 3), ' ', substring(., 7))"/>
	</xsl:template>
	<xsl:template match="n:attachment" mode="value"><xsl:value-of select="@name"/></xsl:template>
	<xsl:template match="n:told" mode="value">
		<xsl:value-of select="."/>
		<xsl:if test="@by"><xsl:value-of select="concat(' (by ', @by, ')')"/></xsl:if>
		<xsl:if test="@at"><xsl:value-of select="concat(' (', @at, ')')"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:consent" mode="value">
		<xsl:choose>
			<xsl:when test="@to = '*'">With everybody: </xsl:when>
			<xsl:otherwise><xsl:value-of select="concat('With ', translate(@to, '-', ' '), ': ')"/></xsl:otherwise>
		</xsl:choose>
		<xsl:value-of select="translate(@state, '-', ' ')"/>
		<xsl:if test="@by"><xsl:value-of select="concat(' (answered by ', @by, ')')"/></xsl:if>
		<xsl:if test="string(.)"><xsl:value-of select="concat(' - ', .)"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:placing | n:host | n:police" mode="value">
		<xsl:choose>
			<xsl:when test="@name"><xsl:value-of select="concat(@name, ' (', ., ')')"/></xsl:when>
			<xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
		</xsl:choose>
	</xsl:template>
	<xsl:template match="n:sender | n:copy-for" mode="value">
		<xsl:value-of select="@organisation"/>
		<xsl:if test="@desk"><xsl:value-of select="concat(', ', @desk)"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:source" mode="value">
		<xsl:value-of select="@reference"/>
		<xsl:if test="@system"><xsl:value-of select="concat(' (', @system, ')')"/></xsl:if>
	</xsl:template>
	<xsl:template match="n:concerns" mode="value">
		<xsl:value-of select="concat('This ', @relation, ' ', @id)"/>
	</xsl:template>
</xsl:stylesheet>
