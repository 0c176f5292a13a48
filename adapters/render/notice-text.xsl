<?xml version="1.0" encoding="UTF-8"?>
<!-- The page of notice-sections.xsl as plain text, one field a line: label, tab, value. A line end within a value is written as U+2028, and what
     lays the text out (gateway/notice/render_wrap.c) aligns and wraps it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
	<xsl:key name="part" match="field[@part]" use="@part"/>
	<xsl:output method="text" encoding="UTF-8"/>

	<xsl:template match="/page">
		<xsl:value-of select="concat(marking, '&#10;&#10;', title, '&#10;==================================================&#10;')"/>
		<xsl:apply-templates select="section"/>
		<xsl:value-of select="concat('&#10;', marking, '&#10;')"/>
	</xsl:template>

	<xsl:template match="section">
		<xsl:if test="field or key('part', part/@id)">
			<xsl:value-of select="concat('&#10;', @title, '&#10;--------------------------------------------------&#10;')"/>
			<xsl:apply-templates select="field"/>
			<xsl:for-each select="part"><xsl:apply-templates select="key('part', @id)"/></xsl:for-each>
		</xsl:if>
	</xsl:template>

	<xsl:template match="field">
		<xsl:value-of select="concat(label, ':&#9;', translate(value, '&#9;&#10;&#13;', ' &#x2028;'), '&#10;')"/>
	</xsl:template>
</xsl:stylesheet>
