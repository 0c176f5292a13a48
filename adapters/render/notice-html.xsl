<?xml version="1.0" encoding="UTF-8"?>
<!-- The page of notice-sections.xsl as HTML for mail clients: one table, styles in place, no script, nothing fetched from anywhere. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
	<xsl:key name="part" match="field[@part]" use="@part"/>
	<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
	<xsl:variable name="font" select="'font-family: Arial, Helvetica, sans-serif; color: #0b0c0c;'"/>

	<xsl:template match="/page">
		<html lang="en">
			<head>
				<title><xsl:value-of select="title"/></title>
				<meta name="viewport" content="width=device-width"/>
			</head>
			<body style="margin: 0; padding: 16px; background: #ffffff; {$font}">
				<p style="margin: 0 0 8px; font-size: 14px; font-weight: bold;"><xsl:value-of select="marking"/></p>
				<h1 style="margin: 0 0 16px; padding: 12px 16px; font-size: 28px; color: #ffffff; background: #1d3557;">
					<xsl:if test="@kind = 'found' or @kind = 'found-onward'">
						<xsl:attribute name="style">margin: 0 0 16px; padding: 12px 16px; font-size: 28px; color: #ffffff; background: #1b5e3b;</xsl:attribute>
					</xsl:if>
					<xsl:value-of select="title"/>
				</h1>
				<xsl:apply-templates select="section"/>
				<p style="margin: 16px 0 0; font-size: 14px; font-weight: bold;"><xsl:value-of select="marking"/></p>
			</body>
		</html>
	</xsl:template>

	<xsl:template match="section">
		<xsl:if test="field or key('part', part/@id)">
		<h2 style="margin: 24px 0 4px; font-size: 20px;"><xsl:value-of select="@title"/></h2>
		<table role="presentation" cellpadding="0" cellspacing="0" width="100%" style="max-width: 720px; border-collapse: collapse;">
			<xsl:apply-templates select="field"/>
			<xsl:for-each select="part"><xsl:apply-templates select="key('part', @id)"/></xsl:for-each>
		</table>
		</xsl:if>
	</xsl:template>

	<xsl:template match="field">
		<tr>
			<th align="left" valign="top" width="30%" style="padding: 6px 12px 6px 0; border-bottom: 1px solid #b1b4b6; font-size: 16px; font-weight: bold; {$font}">
				<xsl:value-of select="label"/>
			</th>
			<td valign="top" style="padding: 6px 0; border-bottom: 1px solid #b1b4b6; font-size: 16px; {$font}">
				<xsl:call-template name="lines"><xsl:with-param name="text" select="translate(value, '&#13;', '')"/></xsl:call-template>
			</td>
		</tr>
	</xsl:template>

	<!-- Line ends as <br>: not every mail client knows white-space. By halves, so that the depth stays small however many there are. -->
	<xsl:template name="lines">
		<xsl:param name="text"/>
		<xsl:variable name="half" select="floor(string-length($text) div 2)"/>
		<xsl:choose>
			<xsl:when test="not(contains($text, '&#10;'))"><xsl:value-of select="$text"/></xsl:when>
			<xsl:when test="$half = 0"><br/></xsl:when>
			<xsl:otherwise>
				<xsl:call-template name="lines"><xsl:with-param name="text" select="substring($text, 1, $half)"/></xsl:call-template>
				<xsl:call-template name="lines"><xsl:with-param name="text" select="substring($text, $half + 1)"/></xsl:call-template>
			</xsl:otherwise>
		</xsl:choose>
	</xsl:template>
</xsl:stylesheet>
